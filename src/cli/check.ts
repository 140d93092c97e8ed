import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { SetupError } from '../errors.ts';
import { createPeople } from '../identity/people.ts';
import { checkFolder } from '../store/checkFolder.ts';
import { faultText, type Fault } from '../store/faults.ts';
import { judge } from '../store/judge.ts';
import { adminKind, stateKind, type DocumentKind } from '../store/kinds.ts';
import { addCommonOptions, loadFromOptions } from './commonOptions.ts';
import type { CommonOptions } from './commonOptions.ts';

interface Finding {
  /** `admin.json`, `gateway.yaml` ... */
  where: string;
  what: string;
}

type CheckOptions = CommonOptions & { json?: boolean };

/** Looks at the configuration and both documents, changes nothing, and tells all faults at once. */
export function registerCheck(program: Command): void {
  addCommonOptions(program.command('check').description('is everything right with the configuration and the files?'))
    .option('--json', 'for programs: JSON')
    .action(async (options: CheckOptions) => {
      const findings = await checkAll(options);
      if (options.json === true) console.log(JSON.stringify({ ok: findings.length === 0, findings }, null, 2));
      else for (const { where, what } of findings) console.log(`${where}: ${what}`);
      if (findings.length > 0) process.exitCode = 78;
      else if (options.json !== true) console.log('All is well.');
    });
}

async function checkAll(options: CheckOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  let dataDir = resolve(options.data ?? 'data');
  let firstRun = true;
  try {
    const { config, file } = await loadFromOptions(options);
    ({ dataDir } = config);
    firstRun = file === null;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    findings.push({ where: 'configuration', what: `${error.message}\n  → ${error.advice}` });
  }
  const folder = checkFolder(dataDir).map((what) => ({ where: dataDir, what }));
  const admin = await checkDocument(dataDir, adminKind, firstRun);
  return [...findings, ...folder, ...admin, ...(await checkDocument(dataDir, stateKind, firstRun))];
}

async function checkDocument<T>(dataDir: string, kind: DocumentKind<T>, firstRun: boolean): Promise<Finding[]> {
  const where = `${kind.name}.json`;
  let text: string;
  try {
    text = await readFile(join(dataDir, where), 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? [] : [{ where, what: message }];
  }
  const result = await judge(kind, text, undefined, createPeople({ firstRun }));
  if (result.ok) return [];
  const newer = `It is of version ${result.newer}; this gateway knows versions up to ${kind.version}.`;
  if (result.newer !== undefined) return [{ where, what: newer }];
  return result.faults.map((fault: Fault) => ({ where, what: faultText(fault) }));
}
