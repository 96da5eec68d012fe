import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { isJsonObject, type JsonObject } from '../../src/core/json.ts';
import { type AnyClient, stdioV1, stdioV2 } from './clients.ts';
import { aPlace, decisionsAbout, decisionsOf, outcomeOf, type Place, runProgram } from './program.ts';

/** Northwind, with a bundle that looks at results, and a key for the audit. */
function northwind(folder: string): string {
  const bundle = join(folder, 'results');
  mkdirSync(bundle);
  writeFileSync(join(folder, 'audit.key'), 'ab'.repeat(32));
  writeFileSync(join(bundle, '.manifest'), JSON.stringify(MANIFEST));
  writeFileSync(join(bundle, 'policy.rego'), POLICY);
  const file = readFileSync('mcp-gateway.yaml', 'utf8')
    .replaceAll('[servers/', `[${resolve('servers')}/`)
    .replaceAll('.mcp-gateway/demo', join(folder, 'demo'))
    .replaceAll('source: policy-bundles', `source: ${resolve('policy-bundles')}`)
    .replace('  org:\n', `  org:\n    - { id: results, layer: compliance, source: ${bundle} }\n`);
  return `${file}\ndecisions: { auditKey: '\${file:./audit.key}' }\n`;
}

const MANIFEST = {
  roots: ['results'],
  metadata: { gateway: { contract: 1, layer: 'compliance', governs: ['tool_call', 'tool_result'] } },
};

const POLICY = `package results

# METADATA
# title: Addresses are for people who write letters
# custom: {id: RS-1}
obligations contains {"id": "RS-1", "type": "redact", "target": "result", "pointers": pointers} if {
	input.action.type == "tool_result"
	some column, name in input.action.result.structured.columns
	name == "email"
	pointers := [sprintf("/structuredContent/rows/*/%d", [column])]
}

# METADATA
# title: No row of numbers comes back
# custom: {id: RS-2}
obligations contains {"id": "RS-2", "type": "redact", "target": "result", "pointers": ["/structuredContent/truncated"]} if {
	input.action.type == "tool_result"
	input.action.result.structured.columns == ["sum"]
}

# METADATA
# title: Results beyond ten kilobytes stay here
# custom:
#   id: RS-3
#   remediation: Ask for fewer rows.
deny contains {"id": "RS-3", "reason": "result_too_large"} if {
	input.action.type == "tool_result"
	input.action.result.bytes > 10000
}

# METADATA
# title: A description takes no longer than a second
# custom: {id: RS-4}
obligations contains {"id": "RS-4", "type": "deadline", "ms": 1000} if {
	input.action.type == "tool_call"
	input.action.tool == "describe_table"
}
`;

const QUERY = 'SELECT name, email FROM customers ORDER BY id LIMIT 2';

const query = (client: AnyClient, sql: string) => client.call('warehouse__run_query', { sql });

test.for([
  { line: '1.x', connect: stdioV1 },
  { line: '2.x', connect: stdioV2 },
])('clients of the SDK $line get redacted and withheld results that their schemas take', async ({ connect }) => {
  const place = aPlace(northwind);
  const client = await connect(place);
  await client.listTools();

  const redacted = await query(client, QUERY);
  expect(redacted.structuredContent).toMatchObject({
    columns: ['name', 'email'],
    rows: [
      [expect.any(String), '[redacted]'],
      [expect.any(String), '[redacted]'],
    ],
  });
  expect(JSON.parse(redacted.content[0]?.text ?? '')).toEqual(redacted.structuredContent);

  const unfit = await query(client, 'SELECT sum(quantity) AS sum FROM orders LIMIT 1');
  expect(unfit).toMatchObject({ isError: true });
  expect(unfit).not.toHaveProperty('structuredContent');
  expect(unfit.content.at(-1)?.text).toMatch(/^The call ran\./);

  const large = await query(
    client,
    `SELECT ${Array.from({ length: 40 }, (_, at) => `name AS n${at}`).join(', ')} FROM products, orders`,
  );
  expect(large.content[0]?.text).toMatch(/^Withheld: the call of the tool warehouse__run_query ran/);
  expect(large._meta?.['mcp-gateway/decision']).toMatchObject({ allow: false, reasons: ['result_too_large'] });
  const call = await outcomeOf(place, 'run_query');
  const [ofResult] = await decisionsAbout(place, 'run_query');
  expect(ofResult).toMatchObject({
    action: 'tool_result',
    effect: 'deny',
    call: call?.id,
    matched_rules: ['results/RS-3'],
  });
  expect(call).toMatchObject({ action: 'tool_call', effect: 'allow', outcome: { status: 'ok', withheld: true } });
  expect(JSON.stringify(await decisionsOf(place))).not.toContain('@example.com');
});

test('what came back labels the conversation, and what the audit demands is kept whole and sealed', async () => {
  const place = aPlace(northwind);
  const client = await stdioV2(place);
  await client.listTools();
  await query(client, QUERY);
  await query(client, 'SELECT id FROM products LIMIT 1');

  const calls = (await decisionsAbout(place, 'run_query')).filter(({ action }) => action === 'tool_call');
  expect(labelsIn(calls[0]?.input)).toContainEqual(expect.objectContaining({ label: 'customer_pii' }));

  const audited = calls.at(-1)?.id ?? '';
  await expect.poll(async () => (await shown(place, audited))['audit'], { timeout: 10_000 }).toHaveProperty('result');
  const { decision, audit } = await shown(place, audited);
  const { input, result } = audit as { readonly input: string; readonly result: string };
  expect(JSON.parse(input)).toMatchObject({ action: { args: { sql: QUERY } } });
  expect(result).toContain('@example.com');
  expect(JSON.stringify(decision)).not.toContain('@example.com');
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });

  writeFileSync(join(place.folder, 'audit.key'), 'cd'.repeat(32));
  expect(await runProgram(place, ['decision', 'show', audited, '--audit'])).toMatchObject({
    code: expect.not.toSatisfy((code: number) => code === 0) as number,
    stderr: expect.stringContaining('is sealed with the key') as string,
  });
});

test('a call beyond the time that policy gives it is given up, and the agent is told by whom', async () => {
  const place = aPlace(northwind);
  const client = await stdioV1(place);
  await client.listTools();
  const late = await client.call('warehouse__describe_table', { table: '/timeout' });
  expect(late.content[0]?.text).toMatch(
    /^The call was given up: policy \(results\/RS-4\) gives it 1000 ms, .* find out before/,
  );
  expect(await outcomeOf(place, 'describe_table')).toMatchObject({ outcome: { status: 'timeout', withheld: false } });
});

async function shown(place: Place, id: string): Promise<JsonObject> {
  const { stdout } = await runProgram(place, ['decision', 'show', id, '--audit', '--json']);
  return JSON.parse(stdout) as JsonObject;
}

function labelsIn(input: unknown): unknown {
  const context = isJsonObject(input) ? input['context'] : undefined;
  return isJsonObject(context) ? context['labels'] : [];
}
