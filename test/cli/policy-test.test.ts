import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { type Ran, runCommand } from './command.ts';

const home = mkdtempSync(join(tmpdir(), 'mcp-gateway-policy-test-'));
const PLACE = { home, cache: join(tmpdir(), 'mcp-gateway-test-cache') };
beforeAll(() => {
  for (const name of ['mcp-gateway.yaml', 'policy-bundles', 'servers']) symlinkSync(resolve(name), join(home, name));
  mkdirSync(join(home, 'mine'));
});
afterAll(() => rmSync(home, { recursive: true }));

const HEAD = `version: 1
time: 2026-01-14T10:00:00+01:00
servers: [outbox]
tools: ../policy-bundles/northwind/cases/tools.json
unlisted: unchecked
principals:
  sam: { agent: coding-assistant, user: sam@northwind.example }
`;

function run(...args: readonly string[]): Promise<Ran> {
  return runCommand(addPolicyCommands, ['policy', ...args], PLACE);
}

function file(name: string, text: string): string {
  writeFileSync(join(home, 'mine', name), HEAD + text);
  return `mine/${name}`;
}

describe('policy test', () => {
  it('says as JSON what is not as expected, and why', async () => {
    const cases = 'cases:\n  - { name: nothing is read, principal: sam, tool: outbox/list_messages, expect: deny }\n';
    const { exit, out } = await run('test', file('json.yaml', cases), '--json');
    expect(exit).toBe(3);
    expect(JSON.parse(out)).toMatchObject({
      schema: 'mcp-gateway/policy-test/v1',
      ok: false,
      summary: { cases: 1, passed: 0, failed: 1 },
      cases: [
        {
          file: 'mine/json.yaml',
          line: 9,
          principal: 'sam',
          tool: 'outbox/list_messages',
          ok: false,
          effect: 'allow',
          differences: [{ what: 'effect', expected: 'deny', got: 'allow' }],
        },
      ],
      mutation: null,
    });
  });

  it('takes no rule out while a case fails, and says so', async () => {
    const { exit, out } = await run('test', 'mine/json.yaml', '--mutate');
    expect(exit).toBe(3);
    expect(out).toContain('No rule was taken out');
  });

  it('lets as many rules go unmissed as it is told', async () => {
    const cases = 'cases:\n  - { name: read, principal: sam, tool: outbox/list_messages, expect: allow }\n';
    const path = file('few.yaml', cases);
    expect((await run('test', path, '--mutate', '--json')).exit).toBe(3);
    const excused = file(
      'excused.yaml',
      `${cases}unmissed: { outbox/OUT-101: needed, outbox/OUT-1: gone, outbox/OUT-201: so }\n`,
    );
    const { exit, out } = await run('test', excused, '--mutate', '--max-survivors', '99', '--json');
    const excuses = { excused: 1, needless: ['outbox/OUT-101', 'outbox/OUT-1'] };
    expect([exit, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ ok: true, mutation: expect.objectContaining(excuses) }),
    ]);
  });

  it('takes no rule of a starter out: nobody who writes cases wrote it', async () => {
    const config = 'version: 1\nmcpServers:\n  outbox: { command: node, args: [../servers/outbox/server.mjs] }\n';
    writeFileSync(join(home, 'mine', 'small.yaml'), config);
    const cases = 'cases:\n  - { name: read, principal: sam, tool: outbox/list_messages, expect: allow }\n';
    const { out } = await run('test', file('read.yaml', cases), '--mutate', '--json', '-c', 'mine/small.yaml');
    const { mutation } = JSON.parse(out) as {
      readonly mutation: { readonly survivors: readonly { bundle: string }[] };
    };
    expect(new Set(mutation.survivors.map(({ bundle }) => bundle))).toEqual(new Set(['outbox']));
  });

  it.each([
    [
      'tool',
      'cases:\n  - { name: n, principal: sam, tool: outbox/sned_message, expect: deny }\n',
      'did you mean "outbox/send_message"?',
    ],
    [
      'tool that a pattern fits',
      "cases:\n  - { name: n, principal: sam, tool: 'box/*', expect: deny }\n",
      '"box/*" fits no tool',
    ],
    ['sample of a tool', 'samples: { outbox/read_messages: { a: {} } }\n', 'there is no tool "outbox/read_messages"'],
    [
      'sample that its tool takes',
      'samples: { outbox/read_message: { a: { number: 1 } } }\n',
      'does not fit the input schema of outbox/read_message',
    ],
  ])('refuses a file for what is no %s, with its place', async (_, text, problem) => {
    const { exit, err } = await run('test', file('bad.yaml', text));
    expect(exit).toBe(3);
    expect(err).toMatch(/mine\/bad\.yaml:\d+:\d+ error E_VALUE /);
    expect(err).toContain(problem);
  });

  it.each([
    ['servers: [outbx]', 'did you mean "outbox"?'],
    ['tools: none.json', '"none.json" cannot be read: there is no such file'],
  ])('refuses a file that says %s', async (line, problem) => {
    const key = line.slice(0, line.indexOf(':'));
    writeFileSync(join(home, 'mine/head.yaml'), HEAD.replace(new RegExp(`^${key}: .*$`, 'm'), line));
    const { exit, err } = await run('test', 'mine/head.yaml');
    expect([exit, err.includes(problem)]).toEqual([3, true]);
  });

  it('names a bundle that cannot be used, and tries nothing', async () => {
    const yaml = readFileSync('mcp-gateway.yaml', 'utf8').replace('policy-bundles/northwind/workflow', 'mine/none');
    writeFileSync(join(home, 'broken.yaml'), yaml);
    const { exit, err } = await run('test', 'mine/few.yaml', '--config', 'broken.yaml');
    expect([exit, err]).toEqual([3, expect.stringContaining('workflow: ')]);
  });

  it('wants cases, and knows what tools there are only from a gateway or a file', async () => {
    const without = HEAD.replace(/^tools: .*\n/m, '');
    writeFileSync(join(home, 'mine/unknown.yaml'), without);
    expect((await run('test', 'mine/unknown.yaml')).err).toContain('no gateway has listed them yet');
    const { exit, err } = await run('matrix');
    expect([exit, err]).toEqual([2, expect.stringContaining('it is not known what tools there are')]);
  });
});

describe('policy matrix', () => {
  it('has a row for each call as CSV, and writes it where it is told', async () => {
    const { out } = await run('matrix', '--principals', 'mine/few.yaml', '--format', 'csv', '--out', 'matrix.csv');
    expect(out).toBe('matrix.csv has 4 cells, 0 calls changed\n');
    const rows = readFileSync(join(home, 'matrix.csv'), 'utf8').split('\r\n');
    expect(rows[1]).toBe('sam,outbox/list_messages,{},allow,,outbox/OUT-101 resource/RES-101');
  });

  it('refuses a candidate in the place of nobody', async () => {
    const { exit, err } = await run('matrix', '--principals', 'mine/few.yaml', '--candidate', 'resorce=x');
    expect([exit, err]).toEqual([2, expect.stringContaining('The bundles are identity, resource, workflow')]);
  });

  it('refuses two principals of one name', async () => {
    const other = HEAD.replace('coding-assistant', 'support-assistant');
    writeFileSync(join(home, 'mine/other.yaml'), other);
    const { exit, err } = await run('matrix', '--principals', 'mine/few.yaml', '--principals', 'mine/other.yaml');
    expect([exit, err]).toEqual([2, expect.stringContaining('two principals called "sam"')]);
  });
});
