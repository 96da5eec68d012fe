import { createServer, type ServerResponse } from 'node:http';
import { createHash, randomBytes } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { beforeAll, expect, test, vi } from 'vitest';
import { archiveOf, type Entry } from '../policy/archives.ts';
import { aPlace, atEndOfFile, decisionsAbout, PATIENCE, type Place } from '../e2e/program.ts';
import { type RawClient, rawStdio } from '../e2e/raw-client.ts';
import { aRule, journal, permissiveBundle, textsIn } from '../e2e/servers.ts';
import { report } from './truth.ts';
import { listening } from './wild-server.ts';

/** For what is compiled first, beside many others. */
const COMPILED = { ...PATIENCE, timeout: 120_000 } as const;

/** Sends what stands at an address, or does something else instead. */
type Sends = (response: ServerResponse) => unknown;

const untilEnd = atEndOfFile();
const shelf = new Map<string, Sends>();
let place: Place;
let client: RawClient;

/** A bundle that denies one text, which is its own name. */
function entriesOf(name: string, more = ''): readonly Entry[] {
  const manifest = { roots: [name], metadata: { gateway: { contract: 1, layer: 'workflow' } } };
  const rule = `deny contains {"id": "D-1", "reason": "forbidden"} if input.action.args.text == "${name}"`;
  return [
    { path: '.manifest', content: JSON.stringify(manifest) },
    { path: 'policy.rego', content: `package ${name}\n\n${aRule('D-1', rule)}${more}` },
  ];
}

const sends =
  (bytes: Buffer): Sends =>
  (response) =>
    response.writeHead(200, { 'content-type': 'application/gzip', etag: `"${digestOf(bytes)}"` }).end(bytes);

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The next rule would deny nothing any more, so that it is seen if the bundle is taken. */
function harmless(name: string, ...more: readonly Entry[]): Sends {
  const [manifest] = entriesOf(name);
  const policy = { path: 'policy.rego', content: `package ${name}\n` };
  return sends(archiveOf([...(manifest === undefined ? [] : [manifest]), policy, ...more]));
}

/** 16 MB that would unpack to 10 GB. */
function bomb(): Buffer {
  const megabyte = deflateRawSync(Buffer.alloc(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
  const header = archiveOf(entriesOf('bomb')).subarray(0, 10);
  return Buffer.concat([header, ...Array.from({ length: 10 * 1024 }, () => megabyte), Buffer.alloc(8)]);
}

/** What the address of a bundle has next, by the bundle's name, and what the log says of it. */
const ATTACKS: readonly (readonly [id: string, name: string, next: () => Sends, says: RegExp])[] = [
  ['G-60', 'climbs', () => harmless('climbs', { path: '../x.rego' }), /not a plain relative path/],
  [
    'G-60',
    'links',
    () => harmless('links', { path: 'a.rego', type: 'SymbolicLink', linkpath: '/etc/passwd' }),
    /SymbolicLink/,
  ],
  ['G-60', 'doubles', () => harmless('doubles', { path: './policy.rego', content: 'package evil' }), /twice/],
  [
    'G-60',
    'follows',
    () => sends(Buffer.concat([archiveOf(entriesOf('follows')), archiveOf(entriesOf('evil'))])),
    /something follows/,
  ],
  ['G-61', 'bursts', () => sends(bomb()), /more than 100 times/],
  ['G-61', 'swells', () => sends(randomBytes(16 * 1024 * 1024 + 1)), /larger than 16 MB/],
  ['G-64', 'brings', () => harmless('brings', { path: 'policy.wasm', content: '\0asm' }), /is none of/],
  [
    'G-68',
    'peers',
    () => sends(archiveOf(entriesOf('peers', 'x := data.links.deny\n'))),
    /bundle_data_reference|outside/,
  ],
  [
    'G-70',
    'calls',
    () => sends(archiveOf(entriesOf('calls', 'x := http.send({"method": "get", "url": "http://127.0.0.1/"})\n'))),
    /http\.send/,
  ],
  [
    'G-71',
    'mistypes',
    () =>
      sends(
        archiveOf(
          entriesOf('mistypes', aRule('D-2', 'deny contains {"id": "D-2", "reason": "r"} if input.pramas.x == 1')),
        ),
      ),
    /undefined ref/,
  ],
  ['F-41', 'cut', () => sends(archiveOf(entriesOf('cut')).subarray(0, 200)), /gzip|ends|cut|short/i],
  ['F-41', 'fails', () => (response) => response.writeHead(500).end(), /500/],
  [
    'F-41',
    'page',
    () => (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    /web page/,
  ],
  ['F-41', 'resets', () => (response) => response.socket?.resetAndDestroy(), /reach|reset|ended|ECONNRESET/i],
];
const NAMES = ATTACKS.map(([, name]) => name);

beforeAll(async () => {
  const server = createServer((request, response) => {
    const send = shelf.get(request.url?.slice(1) ?? '');
    return send === undefined ? response.writeHead(404).end() : send(response);
  });
  const { origin } = await listening(server, untilEnd);
  for (const name of [...NAMES, 'turns']) shelf.set(name, sends(archiveOf(entriesOf(name))));
  const org = [...NAMES, 'turns'].map((id) => {
    return `    - { id: ${id}, layer: workflow, source: "${origin}/${id}", refresh: 1s }\n`;
  });
  place = aPlace(
    (folder) => `version: 1
gateway: { toolNames: prefixed, startWait: 60s }
decisions: { durability: normal, arguments: full }
policies:
  org:
${org.join('')}mcpServers:
  journal: { ${journal(folder)}, policy: { source: ${permissiveBundle(folder)} } }
`,
    untilEnd,
  );
  client = await rawStdio(place, { atEnd: untilEnd });
  await untilWritten();
  await expectAllInForce();
});

async function untilWritten(): Promise<void> {
  await vi.waitFor(async () => expect(await write('at first')).toBe('written'), COMPILED);
}

async function expectAllInForce(): Promise<void> {
  for (const name of NAMES) expect(await write(name)).toContain('forbidden');
}

async function write(text: string): Promise<string> {
  return (await client.call('journal__write', { text })).content[0]?.text ?? '';
}

test('G-60 G-61 G-64 G-68 G-70 G-71 F-41 what is no good bundle is refused in words, and what was last good decides on', async () => {
  for (const [, name, next] of ATTACKS) shelf.set(name, next());
  const complaint = (name: string): string =>
    client
      .stderr()
      .split('\n')
      .filter((line) => line.includes(`"bundle":"${name}"`))
      .join('\n');
  for (const [, name, , says] of ATTACKS) {
    await vi.waitFor(() => expect([name, complaint(name)]).toEqual([name, expect.stringMatching(says)]), PATIENCE);
    expect(complaint(name)).toContain('what was last good of it stays in force');
  }
  await expectAllInForce();
  expect(await write('ordinary')).toBe('written');
  client.hangUp();
  expect(await client.ended).toBe(0);

  // Nor does a restart let anything of them in.
  client = await rawStdio(place, { atEnd: untilEnd });
  await expect.poll(() => write('afterwards'), PATIENCE).toBe('written');
  await expectAllInForce();
  expect(textsIn(place).filter((text) => NAMES.includes(text ?? ''))).toEqual([]);
  report('G-60 to G-71, F-41', { refused: NAMES.length });
});

test('F-41 each call under a bundle that is exchanged is decided by the old one or the new one, whole', async () => {
  for (const name of NAMES) shelf.set(name, sends(archiveOf(entriesOf(name))));
  const over = new AbortController();
  const load = (async () => {
    for (let count = 0; !over.signal.aborted; count += 1) {
      expect(await write(`load ${String(count)}`)).toBe('written');
    }
  })();
  const rules = ['one', 'two', 'three'];
  const exchanges = (async () => {
    for (const rule of rules) {
      const condition = `input.action.args.text == "${rule}"`;
      const denies = aRule('D-2', `deny contains {"id": "D-2", "reason": "exchanged"} if ${condition}`);
      shelf.set('turns', sends(archiveOf(entriesOf('turns', denies))));
      await expect.poll(() => write(rule), COMPILED).toContain('exchanged');
    }
  })();
  await Promise.all([load, exchanges.finally(() => over.abort())]);
  const digests = (await decisionsAbout(place, 'write')).map(
    ({ layers }) => layers.find(({ bundle }) => bundle === 'turns')?.digest,
  );
  // Newest first; none comes back, and none was ever there of which nobody was told.
  const order = digests.filter((digest, at) => digest !== digests[at - 1]);
  expect(order).toHaveLength(rules.length + 1);
  expect(new Set(order).size).toBe(order.length);
  report('F-41 exchanged', { times: rules.length, calls: digests.length });
});
