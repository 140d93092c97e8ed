import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';

/**
 * At the end of a run, names each real part whose tests were skipped, once, with the command that installs it; then one
 * plain line with the counts, for people and programs that read only the end. A file that could not be loaded and an
 * error outside every test count as failed.
 */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[], reason: TestRunEndReason): void {
    const reasons = new Set<string>();
    const counts = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (module.state() === 'failed' && !hasFailedTest(module)) counts.failed += 1;
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
      for (const suite of module.children.allSuites()) {
        const why = /\[skipped: (.*)\]$/.exec(suite.name)?.[1];
        if (why !== undefined) reasons.add(why);
      }
    }
    if (reason !== 'passed' && counts.failed === 0) counts.failed = 1;
    // After vitest's own summary, which the default reporter prints in this same turn.
    process.once('exit', () => {
      for (const why of reasons) console.log(`SKIPPED: ${why}`);
      console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped + counts.pending} skipped`);
    });
  }
}

function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests('failed')].length > 0;
}
