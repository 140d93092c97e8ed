import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders that Cylc puts into a workflow, or that are none of its names (cylc-flow, "reserved filenames"). */
const notWorkflows = new Set(['log', 'share', 'work', '_cylc-install', 'runN', '.service']);
const maxDepth = 3;
const maxNames = 200;

/**
 * Names of the account's workflows, from `~/cylc-run` (installed) and `~/cylc-src` (sources), as far as this process
 * may look. A home that hangs must not hang the page: what is not found in time is not offered.
 */
export async function suggestWorkflows(home: string, timeoutMs = 1000): Promise<string[]> {
  const found = new Set<string>();
  const timer = AbortSignal.timeout(timeoutMs);
  const late = new Promise<void>((resolve) => timer.addEventListener('abort', () => resolve()));
  const walks = ['cylc-run', 'cylc-src'].map((folder) => walk(join(home, folder), '', found, timer));
  await Promise.race([Promise.all(walks), late]);
  return [...found].sort();
}

async function walk(root: string, name: string, found: Set<string>, signal: AbortSignal): Promise<void> {
  if (signal.aborted || found.size >= maxNames) return;
  const entries = await readdir(join(root, name), { withFileTypes: true }).catch(() => []);
  const has = (entry: string): boolean => entries.some((candidate) => candidate.name === entry);
  if (name !== '' && (has('flow.cylc') || has('suite.rc'))) {
    if (isWorkflowName(name)) found.add(name);
    return;
  }
  if (name.split('/').length >= maxDepth && name !== '') return;
  for (const entry of entries)
    if (entry.isDirectory() && !entry.name.startsWith('.') && !notWorkflows.has(entry.name))
      await walk(root, name === '' ? entry.name : `${name}/${entry.name}`, found, signal);
}

/** Cylc's own rule (cylc-flow, `WorkflowNameValidator`), and no folder that leads out. */
export function isWorkflowName(name: string): boolean {
  return (
    name.length <= 254 &&
    /^[\w][\w\-+%@.]*(\/[\w][\w\-+%@.]*)*$/.test(name) &&
    !name.split('/').some((part) => notWorkflows.has(part) && part !== 'runN')
  );
}

/** Page of Cylc's GUI that shows this workflow, relative to the server's prefix. */
export function workflowPage(name: string): string {
  return name === '' ? '' : `cylc/#/workspace/${name.split('/').map(encodeURIComponent).join('/')}`;
}
