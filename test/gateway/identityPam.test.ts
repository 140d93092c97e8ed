import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { Visitor } from '../helpers/visitor.ts';
import type { Answer } from '../helpers/visitor.ts';

const password = 'right horse, wrong käse';

function makePerson(...changes: string[][]): SystemAccount {
  const account = makeSystemAccount();
  execFileSync('chpasswd', { input: `${account.name}:${password}` });
  for (const [program = '', ...args] of changes) execFileSync(program, [...args, account.name], { stdio: 'ignore' });
  return account;
}

/** Fills in the form as it comes, and sends it. */
async function signIn(visitor: Visitor, name: string, secret: string, next = '/hub/home'): Promise<Answer> {
  const form = await visitor.get(`/hub/login?next=${encodeURIComponent(next)}`);
  return visitor.submit(form, { name, password: secret }, /interaction/);
}

/** The system's own accounts and passwords, through the program: real PAM, accounts made for the test. */
describeWith(['root', 'pam'], 'sign-in by system password, gateway run by root', () => {
  const service = `cgw-test-${randomBytes(4).toString('hex')}`;
  const serviceFile = `/etc/pam.d/${service}`;
  const people = new Map<string, SystemAccount>();
  let gateway: GatewayProcess;
  const name = (who: string): string => people.get(who)?.name ?? '';

  beforeAll(async () => {
    people.set('good', makePerson());
    people.set('account expired', makePerson(['chage', '-E', '0']));
    people.set('password expired', makePerson(['chage', '-d', '0']));
    people.set('locked', makePerson(['passwd', '-l']));
    people.set('no password', makePerson(['passwd', '-d']));
    people.set('tried', makePerson());
    writeFileSync(serviceFile, '@include common-auth\n@include common-account\n');
    const dataDir = dataFolder('pam');
    const config = join(dataDir, 'gateway.yaml');
    const tries = 'tries: { perAccount: 3, perAddress: 1000 }';
    writeFileSync(config, `identity:\n  pam: { service: ${service}, failDelayS: 0.5, timeoutS: 10 }\n  ${tries}\n`);
    gateway = await startGateway({ dataDir, args: ['--config', config] });
  });
  afterAll(async () => {
    await gateway.end();
    rmSync(serviceFile, { force: true });
    for (const account of people.values()) account.remove();
  });

  test('the right password signs in, and leads to where one wanted to go', async () => {
    const visitor = new Visitor(gateway.origin);
    const page = await signIn(visitor, name('good'), password, '/hub/spawn');
    expect([page.status, page.url]).toEqual([200, `${gateway.origin}/hub/spawn`]);
    expect(page.body).toContain(name('good'));
  });

  test('after sign-out, everywhere in this browser the password is asked again, from the first moment', async () => {
    const visitor = new Visitor(gateway.origin);
    const [before, other] = [await visitor.get('/hub/login'), await visitor.get('/hub/login')];
    const home = await signIn(visitor, name('good'), password);
    await visitor.submit(other, { name: name('good'), password }, /interaction/);
    await visitor.submit(home, {}, /logout/);
    for (const path of ['/hub/home', '/hub/login', '/hub/login?with=password', `/user/${name('good')}/`]) {
      const page = await visitor.get(path);
      expect([path, page.body]).toEqual([path, expect.stringContaining('type="password"')]);
    }
    // A form from before the sign-in, too, and one that asks not to be asked
    expect((await visitor.get(before.url)).body).toContain('type="password"');
    const form = await visitor.get('/hub/login', { follow: false });
    const silent = await visitor.get(`${String(form.headers['location'])}&prompt=none`);
    expect([silent.status, (await visitor.get('/hub/home', { follow: false })).status]).toEqual([
      expect.anything(),
      302,
    ]);
  });

  const wrong = 'The name or the password is not right';
  test.each([
    ['a wrong password', 'good', 'wrong', wrong],
    ['nobody', 'nobody', password, wrong],
    ['a locked account', 'locked', password, wrong],
    ['an account without a password', 'no password', 'x', wrong],
    ['an account that has expired', 'account expired', password, 'This account has expired'],
    ['a password that has expired', 'password expired', password, 'The password of this account has expired'],
    ['a wrong password of an expired account', 'account expired', 'wrong', wrong],
  ])('%s is told apart as far as PAM tells, and only after the right password', async (_, who, secret, text) => {
    const visitor = new Visitor(gateway.origin);
    const asked = Date.now();
    const page = await signIn(visitor, who === 'nobody' ? `${name('good')}x` : name(who), secret);
    expect(page.body).toContain(text);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(500);
    expect((await visitor.get('/hub/home', { follow: false })).status).toBe(302);
  });

  test('an empty password, root, and a name that is none get no further than the form', async () => {
    for (const [who, secret] of [
      [name('no password'), ''],
      ['root', 'x'],
      ['../root', 'x'],
      ['-rf', 'x'],
      [`${name('good')}\n`, ''],
    ] as const)
      expect((await signIn(new Visitor(gateway.origin), who, secret)).body).toContain(wrong);
    expect(gateway.output()).toContain('uid 0 may not sign in');
  });

  test('neither log nor page ever holds a password', async () => {
    const page = await signIn(new Visitor(gateway.origin), name('tried'), 'not-this-one-7431');
    expect(page.body).not.toContain('7431');
    expect(gateway.output()).not.toContain('7431');
    expect(gateway.output()).not.toContain(password);
  });

  test('after some wrong ones the account has to wait, even for the right one, and many at once gain nothing', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => signIn(new Visitor(gateway.origin), name('tried'), 'wrong')),
    );
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(5);
    expect((await signIn(new Visitor(gateway.origin), name('tried'), password)).status).toBe(429);
    expect((await signIn(new Visitor(gateway.origin), name('good'), password)).status).toBe(200);
  });

  test('a form of another site signs nobody in (login CSRF), nor does one without its token', async () => {
    const visitor = new Visitor(gateway.origin);
    const form = await visitor.get('/hub/login');
    const action = /action="([^"]*interaction[^"]*)"/.exec(form.body)?.[1] ?? '';
    const login = { name: name('good'), password };
    const token = /name="_csrf" value="([^"]*)"/.exec(form.body)?.[1] ?? '';
    for (const [fields, headers] of [
      [login, {}],
      [{ ...login, _csrf: 'x' }, {}],
      [
        { ...login, _csrf: token },
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      ],
    ] as const)
      expect((await visitor.post(action, fields, { headers })).status).toBe(403);
    expect((await visitor.post(action, { ...login, _csrf: token })).status).toBe(200);
  });

  test('several tabs at once all come to where they wanted', async () => {
    const visitor = new Visitor(gateway.origin);
    const paths = ['/hub/home', '/hub/spawn', '/hub/home?x=1'];
    const forms = [];
    for (const path of paths) forms.push(await visitor.get(path));
    for (const [index, form] of forms.entries()) {
      const page = await visitor.submit(form, { name: name('good'), password }, /interaction/);
      expect(page.url).toBe(`${gateway.origin}${paths[index]}`);
    }
  });

  test('a directory server that does not answer costs a deadline, not the gateway', async () => {
    const good = '@include common-auth\n@include common-account\n';
    writeFileSync(serviceFile, `auth required pam_exec.so quiet /bin/sleep 14\n${good}`);
    const hanging = signIn(new Visitor(gateway.origin), name('good'), password);
    expect((await new Visitor(gateway.origin).get('/hub/login')).status).toBe(200);
    const page = await hanging;
    // PAM itself would have let this account in.
    expect(page.status).toBe(503);
    writeFileSync(serviceFile, good);
    expect((await signIn(new Visitor(gateway.origin), name('good'), password)).status).toBe(200);
  });

  test('a service that PAM does not know is refused at the start, in words', async () => {
    const dataDir = dataFolder('pam');
    const config = join(dataDir, 'gateway.yaml');
    writeFileSync(config, 'identity: { pam: { service: no-such-service } }\n');
    const refused = await startGateway({ dataDir, args: ['--config', config] });
    expect(await refused.end()).toBe(78);
    expect(refused.output()).toMatch(/no PAM service no-such-service[^]*→/);
  });
});

describeWith(['root', 'pam'], 'sign-in by system password, gateway of an ordinary user', () => {
  test('checks its own user’s password alone, and says so at the start and on the page', async () => {
    const [own, other] = [makePerson(), makePerson()];
    const dataDir = dataFolder('pam');
    const config = join(dataDir, 'gateway.yaml');
    writeFileSync(config, 'identity: { pam: { failDelayS: 0 } }\n');
    execFileSync('chown', ['-R', own.name, dataDir]);
    const by = ['setpriv', `--reuid=${own.uid}`, `--regid=${own.gid}`, '--init-groups'];
    const env = { HOME: own.home, USER: own.name, XDG_RUNTIME_DIR: undefined };
    const gateway = await startGateway({ dataDir, args: ['--config', config], by, env });
    try {
      expect(gateway.output()).toContain(`only ${own.name} can sign in by password`);
      const refused = await signIn(new Visitor(gateway.origin), other.name, password);
      expect(refused.body).toContain('check the password of one account alone');
      expect(refused.body).toContain(`only ${own.name} can sign in here by password`);
      const page = await signIn(new Visitor(gateway.origin), own.name, password);
      expect([page.status, page.url]).toEqual([200, `${gateway.origin}/hub/home`]);
    } finally {
      await gateway.end();
      for (const account of [own, other]) account.remove();
    }
  });
});
