import { accounts } from './checks/accounts.ts';
import { batch } from './checks/batch.ts';
import { clock } from './checks/clock.ts';
import { configuration } from './checks/configuration.ts';
import { cylc } from './checks/cylc.ts';
import { dataFolder } from './checks/dataFolder.ts';
import { documents } from './checks/documents.ts';
import { issuers } from './checks/issuers.ts';
import { jobs } from './checks/jobs.ts';
import { keys } from './checks/keys.ts';
import { libraries } from './checks/libraries.ts';
import { node } from './checks/node.ts';
import { pam } from './checks/pam.ts';
import { port } from './checks/port.ts';
import { provider } from './checks/provider.ts';
import { publicAddress } from './checks/publicAddress.ts';
import { python } from './checks/python.ts';
import { siteLimits } from './checks/siteLimits.ts';
import { sockets } from './checks/sockets.ts';
import { socketSpace } from './checks/socketSpace.ts';
import { sudo } from './checks/sudo.ts';
import { tls } from './checks/tls.ts';
import type { Check } from './types.ts';

/** What can be looked at where the configuration has faults. */
export const checksWithoutConfiguration: readonly Check[] = [node, dataFolder, documents];

/** All, the slow ones last: a reader sees the others meanwhile. */
export const allChecks: readonly Check[] = [
  node,
  libraries,
  configuration,
  dataFolder,
  documents,
  keys,
  sockets,
  socketSpace,
  port,
  tls,
  accounts,
  pam,
  issuers,
  provider,
  clock,
  publicAddress,
  sudo,
  batch,
  python,
  cylc,
  jobs,
  siteLimits,
];
