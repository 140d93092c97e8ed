import type { Reporter, TestModule } from 'vitest/node';

/** At the end of a run, names each real part whose tests were skipped, once, with the command that installs it. */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const reasons = new Set<string>();
    for (const module of modules)
      for (const suite of module.children.allSuites()) {
        const reason = /\[skipped: (.*)\]$/.exec(suite.name)?.[1];
        if (reason !== undefined) reasons.add(reason);
      }
    for (const reason of reasons) console.log(`SKIPPED: ${reason}`);
  }
}
