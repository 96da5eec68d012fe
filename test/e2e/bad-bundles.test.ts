import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { SIGNATURES } from '../../src/policy/bundle-path.ts';
import type { Signing } from '../../src/policy/sign-bundle.ts';
import { aKeyPair, type KeyPair, signedBy } from '../policy/signing-keys.ts';
import { aPlace, atEndOfFile, decisionsAbout, outcomeOf, type Place } from './program.ts';
import { type RawClient, rawStdio } from './raw-client.ts';
import { aRule, journal, receivedBy, textsIn, writeBundle } from './servers.ts';

const ALLOW = 'allow contains {"id": "ALL-1", "reason": "everything"} if input.action.type == "tool_call"';

/** Decides for as long as it is let, but only once it is called. */
const RUNS_AWAY = `allow contains {"id": "RUN-1", "reason": "never"} if {
	input.action.type == "tool_call"
	some i in numbers.range(1, 3000)
	some j in numbers.range(1, 3000)
	i * j == input.action.args.text
}`;

const PRINTS = `${ALLOW}\n${aRule(
  'PRT-1',
  `deny contains {"id": "PRT-1", "reason": "never"} if {
	print("a policy that talks", input.action.args)
	input.action.args.text == "never"
}`,
)}`;

const HIDES = `${ALLOW}\n${aRule('HID-1', `hide contains {"id": "HID-1", "reason": "for_nobody"} if input.action.tool == "exit"`)}`;

const SIGNER = aKeyPair();
const A_DAY_MS = 24 * 60 * 60 * 1000;

/** Bundles that allow everything, each with a signature of its own. */
async function writeSigned(folder: string): Promise<void> {
  writeFileSync(join(folder, 'signer.pub'), SIGNER.publicPem);
  writeBundle(folder, 'unsigned', aRule('ALL-1', ALLOW));
  const sign = async (name: string, pair: KeyPair, times: Partial<Signing> = {}): Promise<void> => {
    const path = writeBundle(folder, name, aRule('ALL-1', ALLOW));
    const { files } = await readBundle(path);
    writeFileSync(join(path, SIGNATURES), (await signedBy(files, pair, times)).get(SIGNATURES) ?? '');
  };
  await sign('attested', SIGNER, { startsMs: Date.now() - A_DAY_MS, endsMs: Date.now() + A_DAY_MS });
  await sign('stranger', aKeyPair());
  await sign('early', SIGNER, { startsMs: Date.now() + A_DAY_MS });
  await sign('ended', SIGNER, { endsMs: Date.now() - A_DAY_MS });
  await sign('forged', SIGNER);
  // Whoever can write into the folder, and cannot sign.
  writeFileSync(join(folder, 'bundle-forged', 'more.rego'), 'package forged\n');
}

/** One healthy server, and one for each thing that can be wrong with a bundle. */
function laboratory(folder: string): string {
  const server = (id: string, policy: string): string =>
    `  ${id}: { ${journal(folder, id)}, policy: { source: ${policy} } }`;
  const signed = (id: string): string => {
    const policy = `source: ${join(folder, `bundle-${id}`)}, signer: ${join(folder, 'signer.pub')}`;
    return `  ${id}: { ${journal(folder, id)}, policy: { ${policy} } }`;
  };
  return `version: 1
gateway: { startWait: 50s }
decisions: { durability: normal }
mcpServers:
  good: { ${journal(folder, 'good')} }
  scoped: { ${journal(folder, 'scoped')} }
${server('bare', 'none')}
${server('absent', join(folder, 'nowhere'))}
${server('broken', writeBundle(folder, 'broken', 'allow contains {"id": "BRK-1"} if {\n\tinput.action.tool = = 1\n}\n'))}
${server('untitled', writeBundle(folder, 'untitled', ALLOW))}
${server('runaway', writeBundle(folder, 'runaway', aRule('RUN-1', RUNS_AWAY)))}
${server('prints', writeBundle(folder, 'prints', aRule('ALL-1', PRINTS)))}
${server('hides', writeBundle(folder, 'hides', aRule('ALL-1', HIDES)))}
${['attested', 'unsigned', 'stranger', 'forged', 'early', 'ended'].map(signed).join('\n')}
policies:
  org:
    - { id: lost, layer: compliance, source: ${join(folder, 'lost')}, for: { servers: [scoped] } }
`;
}

const untilEnd = atEndOfFile();
let place: Place;
let client: RawClient;

beforeAll(async () => {
  place = aPlace(laboratory, untilEnd);
  await writeSigned(place.folder);
  client = await rawStdio(place, { atEnd: untilEnd });
  await client.listTools();
});

test('a server whose bundle is good works beside all that are not', async () => {
  expect((await client.call('good__write', { text: 'fine' })).content).toEqual([{ type: 'text', text: 'written' }]);
  expect(textsIn(place, 'good')).toContain('fine');
});

test.for([
  { server: 'absent', reason: 'gateway.missing.server', place: 'nowhere', mend: 'Name a folder with a .manifest' },
  { server: 'broken', reason: 'gateway.missing.server', place: 'policy.rego:4:', mend: 'bundle check' },
  { server: 'untitled', reason: 'gateway.missing.server', place: 'ALL-1', mend: 'bundle check' },
  { server: 'unsigned', reason: 'gateway.missing.server', place: 'it is not signed', mend: 'bundle verify' },
  { server: 'stranger', reason: 'gateway.missing.server', place: 'not by this key', mend: 'bundle verify' },
  {
    server: 'forged',
    reason: 'gateway.missing.server',
    place: 'more.rego is there and was not signed',
    mend: 'bundle verify',
  },
  { server: 'early', reason: 'gateway.missing.server', place: 'counts from', mend: 'clock of this machine' },
  { server: 'ended', reason: 'gateway.missing.server', place: 'ended at', mend: 'sign its newest state anew' },
])('G-62 a bundle that is $server is a denial, and the log says where', async ({ server, reason, ...log }) => {
  const denied = await client.call(`${server}__write`, { text: server });
  expect(denied).toMatchObject({ isError: true, structuredContent: { allow: false, reasons: [reason] } });
  expect(denied.content[0]?.text).toContain('whoever runs the gateway has to mend this');
  const [record] = await recordsOf(server);
  expect(record).toMatchObject({ effect: 'deny', reasons: [reason], outcome: null });
  expect(textsIn(place, server)).toEqual([]);

  const line = client
    .stderr()
    .split('\n')
    .find((text) => text.includes(`"bundle":"${server}"`));
  expect(line).toContain('what it governs is denied');
  expect(line).toContain(log.place);
  expect(line).toContain(log.mend);
});

test('G-62 a server whose bundle is signed by its signer works', async () => {
  expect((await client.call('attested__write', { text: 'signed' })).isError).toBeUndefined();
  expect(textsIn(place, 'attested')).toEqual(['signed']);
});

test('a bundle of the organisation that is missing denies what is in its scope, and nothing else', async () => {
  const denied = await client.call('scoped__write', { text: 'scoped' });
  expect(denied).toMatchObject({ isError: true, structuredContent: { reasons: ['gateway.missing.compliance'] } });
  expect(textsIn(place, 'scoped')).toEqual([]);
  expect(client.stderr()).toContain('"bundle":"lost"');
  expect((await client.call('good__write', { text: 'outside of the scope' })).isError).toBeUndefined();
});

test('G-65 a policy that runs away is stopped, and the call is denied', async () => {
  const denied = await client.call('runaway__write', { text: 'on and on' });
  expect(denied).toMatchObject({ isError: true, structuredContent: { reasons: ['gateway.timeout.server'] } });
  const [record] = await recordsOf('runaway');
  expect(record?.layers.find(({ bundle }) => bundle === 'runaway')).toMatchObject({ status: 'timeout' });
  expect(textsIn(place, 'runaway')).toEqual([]);
  expect((await client.call('good__write', { text: 'afterwards' })).isError).toBeUndefined();
});

test('G-66 what a policy prints does not get between the messages', async () => {
  expect((await client.call('prints__write', { text: 'talk' })).content[0]?.text).toBe('written');
  expect(client.lines().every((line) => line.startsWith('{"jsonrpc":"2.0"'))).toBe(true);
});

test('a server without a bundle may use what it says is only reading, and the user is asked about the rest', async () => {
  expect((await client.call('bare__read')).isError).toBeUndefined();
  expect(await outcomeOf(place, 'read')).toMatchObject({ server: 'bare', effect: 'allow', outcome: { status: 'ok' } });
  const waiting = await client.call('bare__write', { text: 'bare' });
  expect(waiting).toMatchObject({ isError: true, structuredContent: { effect: 'pending', allow: false } });
  expect(waiting.content[0]?.text).toContain('Ask the user to approve this call in the gateway');
  expect(waiting.content[0]?.text).toContain('the starter policy of the gateway');
  expect((await recordsOf('bare'))[0]).toMatchObject({ effect: 'pending', matched_rules: ['starter-server/STS-301'] });
  expect(receivedBy(place, 'bare').map(({ name }) => name)).toEqual(['read']);
});

test('a hidden tool is not listed, and its call is answered as that of an unknown one', async () => {
  const tools = await client.listTools();
  expect(tools).toContain('hides__write');
  expect(tools).not.toContain('hides__exit');
  const words = async (tool: string): Promise<string> => {
    const { content, structuredContent } = await client.call(tool);
    const said = `${content[0]?.text} ${JSON.stringify(structuredContent)}`;
    return said.replaceAll(tool, 'TOOL').replaceAll(/[0-9a-f-]{36}/g, 'ID');
  };
  expect(await words('hides__exit')).toBe(await words('hides__nothing'));
  const [hidden] = await decisionsAbout(place, 'exit');
  expect(hidden).toMatchObject({ reasons: ['gateway.unknown_tool'], matched_rules: ['hides/HID-1'] });
  const [unknown] = await decisionsAbout(place, 'hides__nothing');
  expect(unknown).toMatchObject({ effect: 'deny', reasons: ['gateway.unknown_tool'], matched_rules: [] });
  expect(receivedBy(place, 'hides')).toEqual([]);
});

async function recordsOf(server: string): ReturnType<typeof decisionsAbout> {
  return (await decisionsAbout(place, 'write')).filter((record) => record.server === server);
}
