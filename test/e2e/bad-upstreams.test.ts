import { writeFileSync } from 'node:fs';
import { beforeAll, expect, test, vi } from 'vitest';
import { aPlace, atEndOfFile, decisionsAbout, outcomeOf, PATIENCE, type Place } from './program.ts';
import { type RawClient, rawStdio } from './raw-client.ts';
import { fixture, journal, JOURNAL_POLICY, permissiveBundle, textsIn } from './servers.ts';

/** One healthy server, and one for each way in which a server can be bad. */
function laboratory(folder: string): string {
  const policy = `policy: { source: ${permissiveBundle(folder)} }`;
  return `version: 1
gateway: { startWait: 1s, limits: { resultBytes: 1MB } }
decisions: { durability: normal }
mcpServers:
  good: { ${journal(folder)} }
  exits: { ${fixture('exits-at-once')} }
  absent: { command: no-such-program }
  silent: { ${fixture('silent')} }
  unruly: { ${fixture('unruly')}, timeout: 2s, unknownArguments: allow, ${policy} }
`;
}

const untilEnd = atEndOfFile();
let place: Place;
let client: RawClient;

beforeAll(async () => {
  place = aPlace(laboratory, untilEnd);
  client = await rawStdio(place, { atEnd: untilEnd });
  // The silent server never answers, so a list that came has not waited for it.
  await vi.waitUntil(async () => {
    const tools = await client.listTools();
    return tools.includes('good__write') && tools.includes('unruly__fine');
  }, PATIENCE);
});

test('servers that cannot start are missing from the list, and the log says which and why', async () => {
  const tools = await client.listTools();
  expect(tools.filter((tool) => /^(exits|absent|silent)__/.test(tool))).toEqual([]);
  const about = (server: string): string | undefined =>
    client
      .stderr()
      .split('\n')
      .find((line) => line.includes(`"server":"${server}"`));
  await vi.waitFor(() => {
    // Which of the two is seen first is for the operating system to say.
    expect(about('exits')).toMatch(/ended with status 1|stopped reading its input/);
    expect(about('absent')).toContain('no-such-program');
  });
});

test.for([
  { tool: 'crash', status: 'unknown', says: 'The call may have run' },
  { tool: 'never', status: 'timeout', says: 'The call may have run' },
  { tool: 'endless', status: 'unknown', says: 'more than' },
  { tool: 'broken', status: 'unknown', says: 'cannot be read' },
])('a server that fails in a call ($tool) harms that call alone, and its outcome is $status', async (row) => {
  const { tool, status, says } = row;
  const answer = await client.call(`unruly__${tool}`);
  expect(answer.isError).toBe(true);
  expect(answer.content[0]?.text).toContain(says);
  expect(await outcomeOf(place, tool)).toMatchObject({ effect: 'allow', outcome: { status } });
  expect((await client.call('good__write', { text: tool })).isError).toBeUndefined();
  expect(textsIn(place)).toContain(tool);
});

test('junk between the messages of a server is survived', async () => {
  const answer = await client.call('unruly__junk', { lines: 100 });
  expect(answer.content).toEqual([{ type: 'text', text: 'after junk' }]);
  expect(client.stderr()).toContain('writes to stdout what is no message');
  expect(client.lines().every((line) => line.startsWith('{"jsonrpc":"2.0"'))).toBe(true);
});

test('what a server offered last time is shown at once, and a call says that it is gone', async () => {
  const config = (now: string, later: string): string => `version: 1
gateway: { startWait: 50s }
decisions: { durability: normal }
mcpServers:
  now: { ${now}, policy: { source: ${JOURNAL_POLICY} } }
  later: { ${later}, policy: { source: ${JOURNAL_POLICY} } }
`;
  const again = aPlace((folder) => config(journal(folder), journal(folder)));
  const first = await rawStdio(again);
  const tools = await first.listTools();
  expect(tools).toContain('later__write');
  first.hangUp();
  await first.ended;

  writeFileSync(again.config, config(fixture('exits-at-once'), fixture('silent')));
  const second = await rawStdio(again);
  expect(await second.listTools()).toEqual(tools);
  const answer = await second.call('now__write', { text: 'lost' });
  expect(answer.isError).toBe(true);
  expect(answer.content[0]?.text).toMatch(/"now".*ended with status 1/);
  const record = await outcomeOf(again, 'write');
  expect(record).toMatchObject({ effect: 'allow', server: 'now' });
  expect(textsIn(again)).toEqual([]);
  expect(await decisionsAbout(again, 'write')).toHaveLength(1);
});
