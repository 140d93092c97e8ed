import { expect, test } from 'vitest';
import { GatewayError, toGatewayError } from '../../src/errors.ts';

test('an unknown failure becomes internal: its text stays out of the public body, its cause is kept', () => {
  const cause = new Error('connect ECONNREFUSED /run/secret.sock');
  const error = toGatewayError(cause);
  expect(error.code).toBe('internal');
  expect(JSON.stringify(error)).not.toContain('secret');
  expect(error.cause).toBe(cause);
});

test('a coded error passes as it is', () => {
  const error = new GatewayError('access.denied');
  expect(toGatewayError(error)).toBe(error);
  expect(error.toJSON()).toMatchObject({ status: 403, code: 'access.denied' });
});
