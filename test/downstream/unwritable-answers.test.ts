import { expect, test } from 'vitest';

import type { Json } from '../../src/core/json.ts';
import { anOpenSession, call } from './a-session.ts';

test('an answer that cannot be written is answered with an error, and the session goes on', async () => {
  const { gateway, send, session } = await anOpenSession();
  const endless: Record<string, Json> = {};
  endless['itself'] = endless;
  gateway.answer = () => Promise.resolve({ kind: 'result', result: endless });
  expect(await send(call(1, 'echo'))).toMatchObject({ id: 1, error: {} });
  gateway.answer = () => Promise.resolve({ kind: 'result', result: {} });
  expect(await send(call(1, 'echo'))).toMatchObject({ id: 1, result: {} });
  await session.drained();
});
