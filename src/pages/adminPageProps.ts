import type { Identity } from '../access/types.ts';
import type { Shown } from '../control/types.ts';
import type { EditRecord } from '../store/editLog.ts';
import type { Fault } from '../store/faults.ts';
import type { Shell } from './shell.ts';

export interface AdminPageProps {
  shell: Shell;
  who: Identity;
  /** What accounts and servers are searched for; empty: everything. */
  query: string;
  /** At most `shownAtMost`; `total` says how many match. */
  accounts: { rows: readonly Shown[]; total: number };
  servers: { rows: readonly Shown[]; total: number };
  groups: readonly Shown[];
  announcements: readonly Shown[];
  edits: readonly EditRecord[];
  refused: { since: string; faults: readonly Fault[] } | undefined;
  /** Why records cannot be written now, and since when (ISO 8601). */
  trouble: { reason: string; since: string } | undefined;
  /** What was wrong with the form that was just sent. */
  fault?: string | undefined;
}
