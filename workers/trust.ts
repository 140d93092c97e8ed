import { pythonFault } from './trust/pythonFault.ts';
import type { TrustJob } from './protocol.ts';

/** Job: why root must not run this Python; see `pythonFault`. Takes a few hundred ms, which is why it is a job. */
export default function trust({ python }: TrustJob): string | undefined {
  return pythonFault(python);
}
