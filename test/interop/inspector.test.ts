import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { SHARED, twoServers } from '../e2e/reference-servers.ts';
import { atEndOfFile, decisionsAbout, outcomeOf, type Place, PROGRAM, serveHttp } from '../e2e/program.ts';
import { inspect } from './inspector.ts';

const untilEnd = atEndOfFile();
let place: Place;
let url: string;

beforeAll(async () => {
  place = twoServers(untilEnd);
  ({ url } = await serveHttp(place, { args: ['--sse'], atEnd: untilEnd }));
});

interface Road {
  readonly name: string;
  /** What the inspector is told of the server. */
  readonly target: () => readonly string[];
}

const roads: readonly Road[] = [
  {
    name: 'stdio',
    // The inspector would take `--config` for an option of its own; without a command the gateway serves over stdio.
    target: () => [process.execPath, PROGRAM, ...variables({ ...place.env, MCP_GATEWAY_CONFIG: place.config })],
  },
  { name: 'Streamable HTTP', target: () => [url, '--transport', 'http'] },
  { name: 'HTTP+SSE', target: () => [new URL('/sse', url).href, '--transport', 'sse'] },
];

function variables(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
}

interface ToolResult {
  readonly content: readonly { readonly text?: string }[];
  readonly isError?: boolean;
}

describe.each(roads)('the inspector over $name', ({ target }) => {
  test('lists the tools of all servers', async () => {
    const { code, stdout } = await inspect([...target(), '--method', 'tools/list']);
    expect(code).toBe(0);
    const names = (JSON.parse(stdout) as { tools: readonly { name: string }[] }).tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['everything__echo', 'files__read_text_file']));
  });

  test('calls a tool that is allowed, and the record and its outcome are there', async () => {
    const { code, stdout } = await callTool(target(), 'files__read_text_file', 'note.txt');
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as ToolResult).content[0]?.text).toBe('a note');
    const record = await outcomeOf(place, 'read_text_file');
    expect(record).toMatchObject({ effect: 'allow', server: 'files', outcome: { status: 'ok' } });
  });

  test('shows the advice where a call is denied, and the record is there', async () => {
    const { stdout } = await callTool(target(), 'files__create_directory', 'new');
    const result = JSON.parse(stdout) as ToolResult;
    expect(result.isError).toBe(true);
    expect(result.content[0]?.text).toContain('let them write it');
    const [record] = await decisionsAbout(place, 'create_directory');
    expect(record).toMatchObject({ effect: 'deny', server: 'files', outcome: null });
    expect(record?.reasons).toContain('write');
  });
});

function callTool(target: readonly string[], tool: string, file: string): ReturnType<typeof inspect> {
  const path = `path=${join(SHARED, file)}`;
  return inspect([...target, '--method', 'tools/call', '--tool-name', tool, '--tool-arg', path]);
}
