import type { AccountCommands, CommandAccount } from '../spawners/accountCommands.ts';

/** Folders that Cylc puts into a workflow, or that are none of its names (cylc-flow, "reserved filenames"). */
const notWorkflows = new Set(['log', 'share', 'work', '_cylc-install', 'runN', '.service']);
/** Cylc's own (`[install]max depth`, its default). */
const maxDepth = 4;
const maxNames = 200;
const limits = { timeoutMs: 1000, maxOutputBytes: 512 * 1024 };

/**
 * Prints the folders with a workflow below `~/cylc-run` (installed) and `~/cylc-src` (sources), each with a NUL behind:
 * no other byte is in no path. What is given to a function are its own variables; all others are global.
 */
const list = `
ulimit -v 524288 2> /dev/null
left=$1 depth=$2
find_in() {
  for entry in "$1"*/; do
    case $entry in
      */log/ | */share/ | */work/ | */_cylc-install/ | */runN/) continue ;;
    esac
    if [ -e "\${entry}flow.cylc" ] || [ -e "\${entry}suite.rc" ]; then
      printf '%s\\0' "$entry"
      left=$((left - 1))
      [ "$left" -gt 0 ] || exit 0
    elif [ "$2" -gt 1 ] && [ -d "$entry" ]; then
      find_in "$entry" "$(($2 - 1))"
    fi
  done
}
for folder in cylc-run cylc-src; do
  cd -- "$HOME/$folder" 2> /dev/null && find_in "" "$depth"
done
`;

/**
 * Names of the account's workflows, as far as the account itself may look: this process may look everywhere, and links
 * lead everywhere. What is not found in time is not offered.
 */
export async function suggestWorkflows(commands: AccountCommands, account: CommandAccount): Promise<string[]> {
  const command = ['/bin/sh', '-c', list, 'workflows', String(maxNames), String(maxDepth)];
  const { stdout } = await commands.run(account, command, limits);
  // Behind the last NUL is a part at most.
  const names = stdout.split('\0').slice(0, -1);
  return [...new Set(names.map((name) => name.replace(/\/$/, '')).filter(isWorkflowName))].sort();
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
