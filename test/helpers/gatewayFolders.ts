import { appendFileSync } from 'node:fs';

/** Environment variable with the path of the list of data folders that gateways of the tests have used. */
export const gatewayFolders = 'CYLC_GATEWAY_TEST_FOLDERS';

/** Notes a data folder whose servers are to be ended after all tests. */
export function noteFolder(dataDir: string): void {
  const list = process.env[gatewayFolders];
  if (list !== undefined) appendFileSync(list, `${dataDir}\n`);
}
