import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCylcSite } from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';
import type { Visitor } from '../helpers/visitor.ts';

/** A service as people write them for JupyterHub: who am I? */
const program = `
import json, os, sys
from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado import httpserver, ioloop, netutil, web

class Who(HubOAuthenticated, web.RequestHandler):
    @web.authenticated
    def get(self):
        self.write(json.dumps(self.get_current_user()))

prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
app = web.Application([(prefix, Who), (prefix + "oauth_callback", HubOAuthCallbackHandler)], cookie_secret=os.urandom(32))
server = httpserver.HTTPServer(app, xheaders=True)
server.add_socket(netutil.bind_unix_socket(sys.argv[1]))
ioloop.IOLoop.current().start()
`;

/** JupyterHub's own library for services, unmodified, with an OAuth client of its own. */
describeWith(['cylc', 'root'], 'a service that signs its visitors in (jupyterhub.services.auth)', () => {
  let site: CylcSite;
  const at = (index: number): string => site.people[index]?.name as string;

  beforeAll(async () => {
    const command = [join(dirname(cylcBin() as string), 'python'), '-c', program, '{socket}'];
    const services = [
      { name: 'who', command, user: '$0' },
      { name: 'who-at-once', command, user: '$0', oauthNoConfirm: true },
    ];
    // Not through the names of the people, of which the program text knows nothing.
    site = await startCylcSite({
      cylc: cylcBin() as string,
      people: 2,
      env: { CYLC_GATEWAY_SERVICES: JSON.stringify(services) },
    });
    const visitor = await site.signIn(at(1));
    for (const { name } of services)
      await until(
        async () => (await visitor.get(`/services/${name}/`, { follow: false })).status !== 404,
        60_000,
        () => site.gateway.output(),
      );
  });
  afterAll(() => site.close());

  async function name(visitor: Visitor, service: string): Promise<unknown> {
    return (JSON.parse((await visitor.get(`/services/${service}/`)).body) as { name: unknown }).name;
  }

  test('asks once whether it may know, then knows', async () => {
    const bob = await site.signIn(at(1));
    const question = await bob.get('/services/who/');
    expect(question.body).toContain(`Open as ${at(1)}`);
    await bob.submit(question, {}, /authorize/);
    expect(await name(bob, 'who')).toBe(at(1));
  });

  test('does not ask where the site says so', async () => {
    expect(await name(await site.signIn(at(1)), 'who-at-once')).toBe(at(1));
  });

  test('is not shown the sign-in of who was here before', async () => {
    const [alice, bob] = [await site.signIn(at(0)), await site.signIn(at(1))];
    const left = bob.cookie('service-who-at-once') ?? '';
    expect(left).not.toBe('');
    alice.setCookie('service-who-at-once', left, '/services/who-at-once/');
    expect(await name(alice, 'who-at-once')).toBe(at(0));
  });
});
