import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { relayTo } from '../../src/gateway/notices.ts';

test.for(['notifications/tasks', 'notifications/tasks/status'])(
  'what %s tells beside an answer is no result, whosever task it is, and asks nothing',
  (method) => {
    const told: JsonObject[] = [];
    const relay = relayTo({ logLevel: undefined, notify: (_method, params) => void told.push(params) });
    const state = { taskId: 't9', status: 'completed' };
    const params = { ...state, result: { content: [] }, error: { code: 1, message: '' }, inputRequests: { a: {} } };
    relay({ kind: 'notification', method, params });
    expect(told).toEqual([state]);
  },
);

test('what else a server says beside an answer is passed on as it is', () => {
  const told: JsonObject[] = [];
  const relay = relayTo({ logLevel: undefined, notify: (_method, params) => void told.push(params) });
  const params = { result: 1, error: 2 };
  relay({ kind: 'notification', method: 'notifications/vendor', params });
  expect(told).toEqual([params]);
});
