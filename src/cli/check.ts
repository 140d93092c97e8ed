import type { Command } from 'commander';
import { addCommonOptions } from './commonOptions.ts';
import type { CommonOptions } from './commonOptions.ts';
import { allChecks, checksWithoutConfiguration } from './doctor/checkList.ts';
import { loadSubject } from './doctor/loadSubject.ts';
import { findingText, summary } from './doctor/report.ts';
import { runCheck } from './doctor/runCheck.ts';
import type { NamedFinding } from './doctor/types.ts';

type CheckOptions = CommonOptions & { json?: boolean };

/** The doctor: looks at everything that a gateway stands on, changes nothing, and tells all faults at once. */
export function registerCheck(program: Command): void {
  addCommonOptions(
    program
      .command('check')
      .description('is everything right: configuration, files, Cylc, sign-in, network? Changes nothing'),
  )
    .option('--json', 'for programs: JSON')
    .action(check);
}

async function check(options: CheckOptions): Promise<void> {
  const { subject, fault } = await loadSubject(options);
  const checks = fault === undefined ? allChecks : checksWithoutConfiguration;
  const width = Math.max(...allChecks.map(({ name }) => name.length));
  const findings: NamedFinding[] = [];
  const tell = (found: readonly NamedFinding[]): void => {
    findings.push(...found);
    if (options.json !== true) for (const finding of found) console.log(findingText(finding, width));
  };
  const running = checks.map((one) => runCheck(one, subject));
  if (fault !== undefined) tell([{ check: 'Configuration', ...fault }]);
  for (const found of running) tell(await found);
  const ok = findings.every(({ outcome }) => outcome !== 'fault');
  console.log(options.json === true ? JSON.stringify({ ok, findings }, null, 2) : `\n${summary(findings)}`);
  // What a check has given up waiting for must not keep the program.
  process.exit(ok ? 0 : 78);
}
