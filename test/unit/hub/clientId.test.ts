import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { clientIdOf, serverOfClient } from '../../../src/hub/clientId.ts';

test('a plain name gives the client id that JupyterHub gives', () => {
  expect(clientIdOf({ owner: 'alice', name: '' })).toBe('jupyterhub-user-alice');
  expect(clientIdOf({ owner: 'alice', name: 'nowcast' })).toBe('jupyterhub-user-alice-nowcast');
});

test('two servers never share a client', () => {
  expect(clientIdOf({ owner: 'a-b', name: '' })).not.toBe(clientIdOf({ owner: 'a', name: 'b' }));
});

test('every server is found again from its client id, which fits into a cookie name', () => {
  assert(
    property(string({ minLength: 1, unit: 'grapheme' }), string({ unit: 'grapheme' }), (owner, name) => {
      const id = clientIdOf({ owner, name });
      expect(id).toMatch(/^[\w%.-]+$/);
      expect(serverOfClient(id)).toEqual({ owner, name });
    }),
  );
});

test('other texts are no client of a server', () => {
  for (const id of ['', 'service-x', 'jupyterhub-user-', 'jupyterhub-user-%zz', 'jupyterhub-user-%61lice'])
    expect(serverOfClient(id), id).toBeUndefined();
});
