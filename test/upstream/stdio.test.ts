import { execFileSync } from 'node:child_process';
import { expect, test, vi } from 'vitest';
import { callTool, aLogger, anUpstream, call, fixture, isAlive, rejection, textOf } from './parts.ts';

test('a server gets an environment of its own: the allow list and what is configured', async () => {
  const environment = {
    PATH: '/usr/bin',
    LC_ALL: 'C',
    LC_BAD: '() { :; }',
    HOME: '/home/x',
    AWS_SECRET: 'canary',
    NODE_OPTIONS: '',
  };
  const upstream = anUpstream(
    { ...fixture('orderly.mjs'), env: { TOKEN: 't', HOME: '/tmp' } },
    {
      environment,
    },
  );
  const seen = JSON.parse(textOf(await callTool(upstream, call('environment'))));
  expect(seen).toEqual({ PATH: '/usr/bin', LC_ALL: 'C', HOME: '/tmp', TOKEN: 't' });
});

test('G-28 no shell reads the command line', async () => {
  const odd = ['a b', '$(touch x)', '`id`', ';', '&& id', '*', '"', "'", '${HOME}', '|'];
  const upstream = anUpstream(fixture('orderly.mjs', ...odd));
  expect(JSON.parse(textOf(await callTool(upstream, call('process')))).argv).toEqual(odd);
});

test('a program that is not there is named, with what to do', async () => {
  const upstream = anUpstream({ kind: 'stdio', command: 'no-such-program', args: [], env: {} });
  const error = await rejection(callTool(upstream, call('x')));
  expect(error).toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    mend: expect.stringContaining('Install "no-such-program"'),
  });
  expect(error.message).toContain('"files" cannot be started');
});

test.for([
  ['a folder that is not there', { cwd: '/no/such/folder' }],
  ['a NUL in an argument', { args: ['a\0b'] }],
])('%s is an error of that server', async ([, broken]) => {
  const upstream = anUpstream({ ...fixture('orderly.mjs'), ...(broken as object) });
  expect((await rejection(callTool(upstream, call('x')))).code).toBe('UPSTREAM_UNAVAILABLE');
});

test('junk on stdout is survived, told once, and kept with the server', async () => {
  const logger = aLogger();
  const upstream = anUpstream(fixture('unruly.mjs'), { logger });
  expect(textOf(await callTool(upstream, call('junk', { lines: 5000 })))).toBe('after junk');
  expect(textOf(await callTool(upstream, call('fine')))).toBe('fine');

  const told = logger.lines.filter(({ message }) => message.includes('stdout'));
  expect(told.map(({ fields }) => fields['lines'])).toEqual([1, 10, 100, 1000]);
  expect(JSON.stringify(told)).not.toContain('a line that is');
  expect(upstream.lastErrors()).toContain('(stdout) a line that is no message');
});

test.for(['unreadable', 'broken', 'deep', 'truncated'])(
  'F-33 an answer that is %s fails its call at once, and only that',
  async (tool) => {
    const upstream = anUpstream(fixture('unruly.mjs'));
    const waiting = callTool(upstream, call('never'), { timeoutMs: 60_000 }).catch((error: unknown) => error);
    expect((await rejection(callTool(upstream, call(tool)))).code).toBe('UPSTREAM_PROTOCOL');
    expect(textOf(await callTool(upstream, call('fine')))).toBe('fine');
    await upstream.close();
    expect(await waiting).toMatchObject({ code: 'UPSTREAM_CLOSED' });
  },
);

test('G-46 F-33 a line without an end is cut off at the limit, and the server is ended', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'));
  await upstream.start();
  const before = process.memoryUsage().rss;

  const error = await rejection(callTool(upstream, call('endless')));

  expect(error).toMatchObject({ code: 'UPSTREAM_PROTOCOL', message: expect.stringContaining('16777216 bytes') });
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
  expect(textOf(await callTool(upstream, call('fine')))).toBe('fine');
});

test('G-46 a result as large as the limit allows passes', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const bytes = 16 * 1024 * 1024 - 200;
  expect(textOf(await callTool(upstream, call('large', { bytes })))).toHaveLength(bytes);
});

test('G-49 the last fifty lines of stderr are kept, without control characters, however much is written', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'));
  await callTool(upstream, call('stderr', { bytes: 0 }));
  await vi.waitFor(() => expect(upstream.lastErrors()).toEqual(['first  line']));

  await callTool(upstream, call('stderr', { bytes: 8 * 1024 * 1024 }));
  await vi.waitFor(() => expect(upstream.lastErrors().at(-1)).toMatch(/^\(\d+ bytes were dropped/u));
  expect(upstream.lastErrors().length).toBeLessThanOrEqual(50);
});

test('F-31 when a server ends, all that wait are told at once', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'));
  await upstream.start();
  const waiting = [
    callTool(upstream, call('never')),
    callTool(upstream, call('never')),
    callTool(upstream, call('crash')),
  ];
  const errors = await Promise.all(waiting.map(rejection));
  expect(errors.map(({ code }) => code)).toEqual(Array(3).fill('UPSTREAM_CLOSED'));
  expect(errors[0]?.message).toContain('ended with status 3');
});

test('a server that stops reading its input is ended', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'));
  const first = rejection(callTool(upstream, call('closes')));
  // Its cancellation is what can no longer be written.
  await rejection(callTool(upstream, call('never'), { timeoutMs: 100 }));
  expect(await first).toMatchObject({ code: 'UPSTREAM_CLOSED', message: '"files" stopped reading its input.' });
});

test('F-35 a server that ignores SIGTERM is killed with all that it started', async () => {
  const upstream = anUpstream(fixture('stubborn.mjs'), { graceMs: 300 });
  const family: number[] = JSON.parse(textOf(await callTool(upstream, call('family'))));
  expect(family.map(isAlive)).toEqual([true, true]);

  await upstream.close();

  await vi.waitFor(() => expect(family.map(isAlive)).toEqual([false, false]));
});

test('F-35 what a server leaves behind when it ends by itself is ended too', async () => {
  const upstream = anUpstream(fixture('stubborn.mjs'), { graceMs: 300 });
  const [, grandchild = 0]: number[] = JSON.parse(textOf(await callTool(upstream, call('family'))));
  expect((await rejection(callTool(upstream, call('abandon')))).code).toBe('UPSTREAM_CLOSED');
  await vi.waitFor(() => expect(isAlive(grandchild)).toBe(false));
});

test('a server that ends when its input ends needs no signal', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const { pid } = JSON.parse(textOf(await callTool(upstream, call('process'))));
  await upstream.close();
  expect(isAlive(pid)).toBe(false);
});

test('F-36 where no file can be opened any more a start is refused, and works again afterwards', () => {
  const script = `
    const { StdioWire } = await import('./src/upstream/stdio.ts');
    const { openSync, closeSync } = await import('node:fs');
    const clock = { now: () => Date.now(), monotonic: () => performance.now() };
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const host = { platform: process.platform, nodePath: process.execPath, environment: process.env };
    const start = async () => {
      const wire = new StdioWire({ name: 'files', command: 'cat', args: [], env: {}, host, clock, logger, maxMessageBytes: 1000 });
      const end = await wire.open({ onMessage() {}, onUnreadable() {}, onClose() {} }).then(() => 'started', (error) => error.code);
      await wire.close();
      return end;
    };
    const before = await start();
    const held = [];
    try { for (;;) held.push(openSync('/dev/null')); } catch {}
    const during = await start();
    held.forEach(closeSync);
    console.log([before, during, await start()].join(' '));
  `;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const said = execFileSync('sh', ['-c', 'ulimit -n 200; exec "$@"', 'sh', ...node], { encoding: 'utf8' });
  expect(said.trim()).toBe('started UPSTREAM_UNAVAILABLE started');
});
