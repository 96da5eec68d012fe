import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type AnyClient, httpV1, httpV2, sseV1, stdioV1, stdioV2 } from './clients.ts';
import { atEndOfFile, decisionsAbout, outcomeOf, PATIENCE, type Place, serveHttp } from './program.ts';
import { SHARED, twoServers } from './reference-servers.ts';

const untilEnd = atEndOfFile();
let web: { readonly place: Place; readonly url: string };

beforeAll(async () => {
  const place = twoServers(untilEnd);
  const { url } = await serveHttp(place, { args: ['--sse'], atEnd: untilEnd });
  web = { place, url };
});

interface Connected {
  readonly place: Place;
  readonly client: AnyClient;
}

const overStdio = (connect: (place: Place) => Promise<AnyClient>) => async (): Promise<Connected> => {
  const place = twoServers();
  return { place, client: await connect(place) };
};
const overHttp = (connect: (url: string) => Promise<AnyClient>) => async (): Promise<Connected> => ({
  place: web.place,
  client: await connect(web.url),
});

test.for([
  { name: 'SDK 1.x over stdio', connect: overStdio(stdioV1) },
  { name: 'SDK 2.x over stdio', connect: overStdio(stdioV2) },
  { name: 'SDK 1.x over Streamable HTTP', connect: overHttp(httpV1) },
  { name: 'SDK 2.x over Streamable HTTP', connect: overHttp(httpV2) },
  { name: 'SDK 1.x over HTTP+SSE', connect: overHttp(sseV1) },
])('$name works through the gateway with servers from npm', async ({ connect }) => {
  const connected = await connect();
  expect(await connected.client.listTools()).toEqual(expect.arrayContaining(['everything__echo', 'files__write_file']));
  await callAll(connected);
  await seeProgressAndCancel(connected);
});

async function callAll({ place, client }: Connected): Promise<void> {
  const echo = await client.call('everything__echo', { message: 'hello' });
  expect(echo.content[0]?.text).toBe('Echo: hello');
  expect(echo._meta?.['mcp-gateway/decision']).toMatchObject({ allow: true, effect: 'allow' });
  const structured = await client.call('everything__get-structured-content', { location: 'Chicago' });
  expect(structured.structuredContent).toMatchObject({ conditions: expect.any(String) });
  const image = await client.call('everything__get-tiny-image');
  expect(image.content.find(({ type }) => type === 'image')?.data?.length).toBeGreaterThan(1000);

  const read = await client.call('files__read_text_file', { path: join(SHARED, 'note.txt') });
  expect(read.content[0]?.text).toBe('a note');
  // Another call each time: who repeats a denied one is told less.
  const written = await client.call('files__write_file', { path: join(SHARED, 'note.txt'), content: randomUUID() });
  expect(written.isError).toBe(true);
  expect(written.content[0]?.text).toContain('let them write it');
  expect(written.content[0]?.text).toMatch(/\nDecision [0-9a-f-]{36}$/);

  expect(await outcomeOf(place, 'read_text_file')).toMatchObject({
    effect: 'allow',
    server: 'files',
    outcome: { status: 'ok' },
  });
  const [writeDecision] = await decisionsAbout(place, 'write_file');
  expect(writeDecision).toMatchObject({ effect: 'deny', server: 'files', outcome: null });
  expect(writeDecision?.reasons).toContain('write');
}

async function seeProgressAndCancel({ place, client }: Connected): Promise<void> {
  const seen: number[] = [];
  await client.call(
    'everything__trigger-long-running-operation',
    { duration: 0.3, steps: 3 },
    { onprogress: ({ progress }) => void seen.push(progress) },
  );
  // The last step comes right before the result. The SDKs' clients forget a request when they read its result, before
  // they look at progress that they read in the same piece, so what they show of the last step is a matter of luck.
  expect(seen.slice(0, 2)).toEqual([1, 2]);

  const impatience = new AbortController();
  const call = client.call(
    'everything__trigger-long-running-operation',
    { duration: 60, steps: 600 },
    { signal: impatience.signal, onprogress: () => impatience.abort() },
  );
  await expect(call).rejects.toThrow(/abort/i);
  const tool = 'trigger-long-running-operation';
  await expect.poll(async () => (await decisionsAbout(place, tool))[0]?.outcome?.status, PATIENCE).toBe('cancelled');
}
