import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { configuration } from '../e2e/every-upstream.ts';
import { freePort } from '../e2e/free-port.ts';
import { aPlace, atEndOfFile, end, PATIENCE, type Place, serveHttp } from '../e2e/program.ts';
import { FORM_ANSWER, ROADS, type WholeClient } from '../e2e/whole-clients.ts';

/** `npm run test:interop` makes this environment. */
const PYTHON = resolve('test/interop/python/.venv/bin/python');
const SERVER = resolve('test/interop/python/server.py');

const untilEnd = atEndOfFile();
let place: Place;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  const child = spawn(PYTHON, [SERVER, '--http', String(port)], { stdio: 'ignore' });
  untilEnd(() => end(child));
  const address = `http://127.0.0.1:${String(port)}/mcp`;
  await vi.waitUntil(() => fetch(address).then(yes, no), PATIENCE);
  const servers = { 'py-stdio': { command: PYTHON, args: [SERVER] }, 'py-http': { type: 'http', url: address } };
  place = aPlace(() => JSON.stringify(configuration(servers)), untilEnd);
  ({ url } = await serveHttp(place, { args: ['--sse'], atEnd: untilEnd }));
});

describe.each(ROADS)('a client on $name', ({ connect, era }) => {
  test.for(['py-stdio', 'py-http'])('uses the Python SDK’s server %s', async (server) => {
    const client = await connect({ place, url });
    expect(await client.listTools()).toContain(`${server}__add`);
    await usesAll(client, server);
    // Within a stateless request the Python SDK can only be asked to ask by `input_required`.
    if (era === 'session') await answers(client, server);
  });
});

const yes = (): boolean => true;
const no = (): boolean => false;

async function usesAll(client: WholeClient, server: string): Promise<void> {
  const sum = await client.call(`${server}__add`, { a: 1, b: 2 });
  expect(sum.structuredContent).toEqual({ total: 3 });
  const failed = await client.call(`${server}__fail`);
  expect(failed.isError).toBe(true);
  const seen: number[] = [];
  const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
  const counted = await client.call(`${server}__count_to`, { number: 3 }, { onprogress });
  expect(counted.content[0]?.text).toBe('counted to 3');
  expect(seen[0]).toBe(1);
  expect(await client.getPrompt(`${server}__summary`, { topic: 'tides' })).toContain('Summarise tides.');
  expect(await client.complete(`${server}__summary`, { name: 'topic', value: 'm' })).toEqual(['monday']);
}

async function answers(client: WholeClient, server: string): Promise<void> {
  const liked = await client.call(`${server}__favourite_colour`);
  expect(liked.content[0]?.text).toBe(`accept: ${FORM_ANSWER.colour}`);
}
