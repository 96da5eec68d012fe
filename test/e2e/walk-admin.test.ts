import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { aPlace, type Place } from './program.ts';
import { type RawClient, rawStdio } from './raw-client.ts';
import { commandsUnder, typed, WALKS, write } from './page-walks.ts';

const CONFIGURATION = `version: 1
gateway:
  principal: { agent: { id: support-assistant }, user: { id: robin@northwind.example } }
mcpServers:
  payments: { command: node, args: [${resolve('servers/payments/server.mjs')}] }
policies:
  org:
    - { id: refunds, layer: resource, source: bundles/payments/refunds, for: { servers: [payments] } }
`;

const MANIFEST = `{
  "revision": "1",
  "roots": ["refunds"],
  "metadata": { "gateway": { "contract": 1, "layer": "resource" } }
}
`;

const RULES = `package refunds

import data.gateway.v1.amounts
import data.refunds.config

# METADATA
# title: The support works with payments
# custom:
#   id: REF-101
#   owner: the payments team
allow contains {"id": "REF-101", "reason": "support"} if input.agent.id == "support-assistant"

# METADATA
# title: The support refunds up to a limit
# description: What is more, the payments team gives back itself.
# custom:
#   id: REF-201
#   owner: the payments team
#   remediation: Refund {most} cents or less, or ask the payments team.
deny contains {"id": "REF-201", "reason": "above_limit", "params": {"most": config.at_most}} if {
	input.action.tool == "create_refund"
	not is_within_limit
}

is_within_limit if amounts.at_most(input.action.args.amount, config.at_most)
`;

const TESTS = `package refunds_test

import data.gateway.v1.inputs
import data.refunds

refund(amount) := object.union(
	inputs.tool_call("payments", "create_refund", "write", {"charge_id": "ch_1002", "amount": amount}),
	{"agent": {"id": "support-assistant"}},
)

test_the_support_refunds_up_to_the_limit if {
	{element.id | some element in refunds.allow} == {"REF-101"} with input as refund(100)
	refunds.deny == set() with input as refund(100)
	{element.id | some element in refunds.deny} == {"REF-201"} with input as refund(1000000)
}
`;

const CASES = `version: 1
about: What the support does with money
time: 2026-01-14T10:00:00+01:00
servers: [payments]
tools: tools.json
principals:
  robin: { agent: support-assistant, user: robin@northwind.example }
  sam: { agent: coding-assistant, user: sam@northwind.example }
samples:
  payments/get_charge: { one: { charge_id: ch_1001 } }
  payments/create_charge: { small: { customer: cus_17, amount: 1200, currency: EUR } }
  payments/create_refund: { small: { charge_id: ch_1002, amount: 2500 } }
cases:
  - name: the support reads
    principal: robin
    tool: [payments/get_charge, payments/list_charges]
    expect: { effect: allow, rules: [payments/PAY-101] }
  - name: the support charges, and refunds a little
    principal: robin
    tool: [payments/create_charge, payments/create_refund]
    expect: { effect: allow, warnings: [] }
  - name: a larger refund is for the payments team
    principal: robin
    tool: payments/create_refund
    args: { charge_id: ch_1002, amount: 4500 }
    expect: { effect: deny, reasons: [above_limit] }
  - name: a refund above the limit of payments itself
    principal: robin
    tool: payments/create_refund
    args: { charge_id: ch_1002, amount: 10001 }
    expect: { effect: deny, reasons: [above_limit, refund_above_limit] }
  - name: a refund names its amount
    principal: robin
    tool: payments/create_refund
    args: { charge_id: ch_1002 }
    expect: { effect: deny, reasons: [above_limit, refund_without_amount] }
  - name: a charge has a limit
    principal: robin
    tool: payments/create_charge
    args: { customer: cus_17, amount: 100001, currency: EUR }
    expect: { effect: deny, reasons: [charge_above_limit] }
  - name: a charge is in a known currency
    principal: robin
    tool: payments/create_charge
    args: { customer: cus_17, amount: 1200, currency: XAU }
    expect: { effect: deny, reasons: [currency_not_allowed] }
unmissed:
  payments/PAY-301: the support refunds less than this speaks of
  payments/PAY-302: the support refunds less than this speaks of
`;

/** The repository that policy-bundles/README.md lays out, with one team and one bundle. */
function aRepository(): Place {
  const place = aPlace(() => CONFIGURATION);
  const bundle = 'bundles/payments/refunds';
  write(place, `${bundle}/.manifest`, MANIFEST);
  write(place, `${bundle}/policy.rego`, RULES);
  write(place, `${bundle}/policy_test.rego`, TESTS);
  write(place, `${bundle}/data.json`, settings(4000));
  write(place, 'cases/payments.yaml', CASES);
  cpSync('policy-bundles/ci.sh', join(place.folder, 'ci.sh'));
  cpSync(join(place.folder, bundle), join(place.folder, 'next/refunds'), { recursive: true });
  write(place, 'next/refunds/data.json', settings(3000));
  return place;
}

function settings(most: number): string {
  return `{ "refunds": { "config": { "at_most": ${most} } } }\n`;
}

async function refund(client: RawClient, amount: number): Promise<string> {
  return (await client.call('create_refund', { charge_id: 'ch_1002', amount })).content[0]?.text ?? '';
}

/** Tries until a refund is answered so: a gateway looks at its bundles every few seconds. */
async function untilRefunded(client: RawClient, amount: number, isSo: (said: string) => boolean): Promise<void> {
  while (!isSo(await refund(client, amount))) await wait(500);
}

const isRefused = (said: string): boolean => said.includes('Refund 3000 cents or less');

/** What the admin reads after each command of the page. */
const TOLD = [
  /^ok +cases\/payments\.yaml [^]*\n8 of 8 rules are missed when they are taken out; 2 more are said to be missed by none/,
  /~ refunds \(resource, [^]*data \/config\/at_most: 4000 → 3000/,
  /All came out as recorded[^]*\n1 +allowed → denied\n +1 by refunds\/REF-201/,
  /^$/,
  /^no [^]*\n2 .* bundle refunds changed +refunds \w+ → \w+\n1 .* start /,
  /^refunds goes back to \w+ and stays there until it is cleared\./,
];

test('an admin knows what a change will do, makes it under a running gateway, and takes it back', async () => {
  const place = aRepository();
  const client = await rawStdio(place);
  expect((await client.call('get_charge', { charge_id: 'ch_1001' })).isError ?? false).toBe(false);
  for (const amount of [2000, 3500]) expect(await refund(client, amount)).not.toContain('Refused');
  expect(await refund(client, 4500)).toContain('Refund 4000 cents or less, or ask the payments team.');
  expect(await typed(place, 'mcp-gateway policy test --write-tools cases/tools.json')).toMatchObject({ code: 0 });
  const log = 'mcp-gateway decision export --since 7d --out decisions.jsonl';
  expect(readFileSync('policy-bundles/README.md', 'utf8')).toContain(`\`${log}\``);
  expect(await typed(place, log)).toMatchObject({ code: 0 });

  const commands = commandsUnder(WALKS.admin);
  expect(commands).toHaveLength(TOLD.length);
  for (const [index, line] of commands.entries()) {
    const told = TOLD[index] ?? /^$/;
    expect({ line, ...(await typed(place, line)) }).toMatchObject({
      line,
      code: 0,
      stdout: expect.stringMatching(told),
    });
    if (line.startsWith('cp ')) await untilRefunded(client, 3500, isRefused);
  }
  await untilRefunded(client, 3500, (said) => !isRefused(said));

  client.hangUp();
  await client.ended;
  await checksGuardAChange(place);
});

/** Runs `ci.sh` as a pull request does: in a checkout, without the gateway's store. */
async function checksGuardAChange(place: Place): Promise<void> {
  const checkout: Place = { ...place, folder: join(place.folder, 'checkout') };
  mkdirSync(checkout.folder);
  for (const part of ['mcp-gateway.yaml', 'bundles', 'cases', 'ci.sh', 'decisions.jsonl'])
    cpSync(join(place.folder, part), join(checkout.folder, part), { recursive: true });
  write(checkout, 'bundles/payments/refunds/data.json', settings(4000));
  const elsewhere = { MCP_GATEWAY_HOME: join(checkout.folder, 'home') };
  const checks = 'BUNDLES=bundles LOG=decisions.jsonl sh ci.sh';

  const whole = await typed(checkout, checks, elsewhere);
  expect(whole).toMatchObject({ code: 0 });
  expect(whole.stdout.match(/: passes$/gm)).toHaveLength(4);

  // One rule lets twice as much through as it should, and nobody answers for it.
  const broken = RULES.replace('args.amount, config.at_most', 'args.amount, config.at_most * 2').replace(
    /(REF-201\n)#.*owner.*\n/,
    '$1',
  );
  write(checkout, 'bundles/payments/refunds/policy.rego', broken);
  const guarded = await typed(checkout, checks, elsewhere);
  expect(guarded.code).toBe(1);
  expect(guarded.stdout).toContain('decision cases: **fails**');
  const comment = readFileSync(join(checkout.folder, 'policy-comment.md'), 'utf8');
  expect(comment).toContain('REF-201 has no owner');
  expect(comment).toMatch(/a larger refund is for the payments team\n.*\ndiffers effect: expected deny, got allow/);
  expect(comment).toMatch(
    /\*\*1 decision denied → allowed; at most 0[^]*denied → allowed by <code>refunds\/REF-201<\/code>/,
  );
  expect(existsSync(join(checkout.folder, 'home'))).toBe(false);
}

/** What `/readyz` of a gateway over stdio and HTTP answers, once it is as wanted. */
async function untilReady(client: RawClient, isSo: (answer: JsonObject) => boolean): Promise<JsonObject> {
  const url = /"url":"(http:\/\/[^/"]+)/.exec(client.stderr())?.[1] ?? '';
  for (;;) {
    const answer = (await (await fetch(`${url}/readyz`)).json()) as JsonObject;
    if (isSo(answer)) return answer;
    await wait(200);
  }
}

test('what an admin does wrong reaches nobody, and is said where they look', async () => {
  const place = aRepository();
  const client = await rawStdio(place, { args: ['--http', '127.0.0.1:0'] });
  expect(await refund(client, 4500)).toContain('Refund 4000 cents or less');
  expect(await refund(client, 3500)).not.toContain('Refused');

  // A typing error in the configuration.
  write(place, 'mcp-gateway.yaml', CONFIGURATION.replace('layer: resource', 'layer: resourse'));
  const checked = await typed(place, 'mcp-gateway config validate');
  expect(checked).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/mcp-gateway\.yaml:8:29 error [^]*resource/),
  });
  const wrong = await untilReady(client, ({ configuration }) => configuration !== undefined && configuration !== '');
  expect(wrong).toMatchObject({ ready: true });
  expect(await refund(client, 4501)).toContain('Refund 4000 cents or less');
  write(place, 'mcp-gateway.yaml', CONFIGURATION);

  // A bundle that does not compile.
  write(place, 'bundles/payments/refunds/policy.rego', RULES.replace('some element', '').replace('if {', 'if if {'));
  const stale = await untilReady(client, ({ stale: seen }) => Array.isArray(seen) && seen.length > 0);
  expect(stale).toMatchObject({ ready: true, stale: [{ bundle: 'refunds' }] });
  expect(await refund(client, 4502)).toContain('Refund 4000 cents or less');
  expect((await typed(place, 'mcp-gateway policy ls')).stdout).toMatch(/refunds +resource .* stale/);
  expect(client.stderr()).toContain('refunds');
  write(place, 'bundles/payments/refunds/policy.rego', RULES);

  // A change that would let through what was refused.
  write(place, 'next/refunds/data.json', settings(5000));
  const replay = 'mcp-gateway policy replay --since 7d --candidate refunds=next/refunds --fail-on deny_to_allow=0';
  expect(await typed(place, replay)).toMatchObject({ code: 3, stdout: expect.stringContaining('denied → allowed') });
  client.hangUp();
  await client.ended;
});
