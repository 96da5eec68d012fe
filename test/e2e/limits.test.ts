import { expect, test } from 'vitest';
import { reproduces } from '../../src/policy/combine-record.ts';
import { aPlace, decisionsOf, runProgram } from './program.ts';
import { northwind } from './northwind.ts';
import { rawStdio } from './raw-client.ts';

const LIMIT = 3;

/** Northwind, with other settings of its workflow bundle. */
function withSettings(folder: string, settings = `calls_a_minute: ${LIMIT}`): string {
  const bundle = 'policy-bundles/northwind/workflow';
  return northwind(folder).replace(bundle, `${bundle}, data: { ${settings} }`);
}

test('two gateways let through what a limit has room for, and the agent hears when it may go on', async () => {
  const place = aPlace((folder) => withSettings(folder));
  const clients = [await rawStdio(place), await rawStdio(place)];
  await Promise.all(clients.map((client) => client.listTools()));
  // A minute may end between two calls, so that there is room once more; of ten calls some are refused even then.
  const results = await Promise.all(
    Array.from({ length: 5 }).flatMap(() => clients.map((client) => client.call('outbox__list_messages', {}))),
  );

  const records = (await decisionsOf(place)).filter(({ action }) => action === 'tool_call');
  expect(records).toHaveLength(results.length);
  const granted = new Map<string, number>();
  for (const { combine, effect } of records) {
    const [fact] = combine.reservations;
    if (effect === 'allow' && fact !== undefined) granted.set(fact.resets_at, (granted.get(fact.resets_at) ?? 0) + 1);
  }
  expect(Math.max(...granted.values())).toBe(LIMIT);

  const refused = records.filter(({ effect }) => effect === 'deny');
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(refused.flatMap(({ reasons }) => reasons))).toEqual(new Set(['gateway.counter.agent.id,user.id/60s']));
  expect(refused.every(({ matched_rules: rules }) => rules.join(' ') === 'workflow/WF-303')).toBe(true);
  expect(records.every((record) => reproduces(record))).toBe(true);
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });

  const denial = results.find((result) => result.isError === true);
  expect(denial?.content[0]?.text).toMatch(/What would work: Wait until \S+:00\.000Z; then it can be done again\./);
  expect(denial?._meta?.['mcp-gateway/decision']).toMatchObject({
    metadata: { rate_limit_remaining: 0, resets_at: expect.stringMatching(/:00\.000Z$/), retry: 'after' },
  });
});

test('a budget warns at 80 %, denies at 100 % and says when it begins anew, until somebody corrects it', async () => {
  const place = aPlace((folder) => withSettings(folder, 'weekly_work: 5'));
  const client = await rawStdio(place);
  await client.listTools();
  const call = () => client.call('outbox__list_messages', {});
  const results = [await call(), await call(), await call(), await call(), await call(), await call()];
  const told = results.map((result) => result._meta?.['mcp-gateway/decision']) as readonly Told[];
  const monday = expect.stringMatching(/T2[23]:00:00\.000Z$/);
  expect(
    told.map(({ allow, reasons, warnings }) => [allow, ...reasons, ...(warnings ?? []).map(({ rule }) => rule)]),
  ).toEqual([[true], [true], [true], [true], [true, 'workflow/WF-304'], [false, 'weekly_budget_used_up']]);
  expect(results[5]?.content[0]?.text).toMatch(/Wait until \S+T2[23]:00:00\.000Z, or ask the platform team/);

  const [denied] = await decisionsOf(place);
  const budget = { limit: 5, used: 5, reserved: 0, remaining: 0, ratio: 1, resets_at: monday };
  expect(denied?.budgets).toEqual({ 'workflow/weekly_work': budget });
  const { stdout } = await runProgram(place, ['budget', 'ls', '--json']);
  expect(JSON.parse(stdout).budgets).toContainEqual(
    expect.objectContaining({ counter: 'workflow/weekly_work', unit: 'points', used: 5, limit: 5 }),
  );

  const correction = ['budget', 'adjust', 'workflow/weekly_work', '--by', '-2', '--reason', 'a trial'];
  expect(await runProgram(place, correction)).toMatchObject({ code: 0 });
  expect((await call()).isError).not.toBe(true);
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
});

interface Told {
  readonly allow: boolean;
  readonly reasons: readonly string[];
  readonly warnings?: readonly { readonly rule: string }[];
}
