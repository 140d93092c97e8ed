import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTokens } from '../../../src/hub/tokens/createTokens.ts';
import type { Tokens } from '../../../src/hub/tokens/createTokens.ts';
import { createHubWorld } from '../../helpers/hubWorld.ts';
import type { HubWorld } from '../../helpers/hubWorld.ts';
import { startDance } from '../../helpers/oauthDance.ts';

let world: HubWorld;
let tokens: Tokens;

beforeEach(async () => {
  world = await createHubWorld();
  tokens = createTokens(world);
});
afterEach(async () => {
  tokens.close();
  await world.close();
});

const spec = { kind: 'user', owner: 'alice', scopes: ['inherit'], note: '' } as const;

test('tokens are found by owner and client as the store changes, whoever changes it', async () => {
  const { record } = await tokens.issue({ ...spec, kind: 'oauth', clientId: 'c', owner: 'bob' });
  expect([tokens.ofOwner('bob'), tokens.ofClient('c')]).toEqual([[record], [record]]);
  world.store.editState((draft) => void (draft.tokens[record.id]!.owner = 'erin'));
  expect([tokens.ofOwner('bob'), tokens.ofOwner('erin').length]).toEqual([[], 1]);
  await tokens.revokeWhere(({ id }) => id === record.id);
  expect([tokens.ofOwner('erin'), tokens.ofClient('c'), tokens.get(record.id)]).toEqual([[], [], undefined]);
});

test('an account has at most 500 tokens for programs, and is told; the next is made when one is gone', async () => {
  for (let count = 0; count < 500; count += 1) await tokens.issue(spec);
  await expect(tokens.issue(spec)).rejects.toMatchObject({ code: 'request.invalid' });
  await tokens.issue({ ...spec, owner: 'bob' });
  const [first] = tokens.ofOwner('alice');
  await tokens.revokeWhere(({ id }) => id === first?.id);
  await tokens.issue(spec);
});

test('sign-ins at one server let their oldest token go', async () => {
  const made = [];
  for (let count = 0; count < 103; count += 1) {
    world.clock.nowMs += 1000;
    made.push(await tokens.issue({ ...spec, kind: 'oauth', clientId: 'c', sessionId: `s${count}` }));
  }
  expect(tokens.ofClient('c')).toHaveLength(100);
  expect([tokens.find(made[2]!.token), tokens.find(made[3]!.token)?.sessionId]).toEqual([undefined, 's3']);
});

test('what strangers ask costs the same with thousands of tokens of others: none of those is looked at', async () => {
  const dance = await startDance(world);
  let looks = 0;
  const real = world.store.state.data.tokens;
  const watched = new Proxy(real, {
    ownKeys(target) {
      looks += 1;
      return Reflect.ownKeys(target);
    },
  });
  Object.defineProperty(world.store.state, 'data', { value: { ...world.store.state.data, tokens: watched } });
  expect((await dance.trade('wrong')).status).toBe(400);
  expect((await dance.authorize('alice.s1')).status).toBe(302);
  expect(looks).toBe(0);
});
