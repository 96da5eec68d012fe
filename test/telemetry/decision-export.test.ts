import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ExportPage, type ExportParts, runExport } from '../../src/telemetry/decision-export.ts';
import {
  type DecisionSink,
  type Delivery,
  type ExportedDecision,
  fileSink,
  httpSink,
} from '../../src/telemetry/decision-sink.ts';
import { silent } from '../state/records.ts';

function decisions(...seqs: readonly number[]): readonly ExportedDecision[] {
  return seqs.map((seq) => ({ seq, text: `{"seq":${seq}}`, short: () => `{"seq":${seq},"erased":["/input"]}` }));
}

interface World {
  readonly parts: ExportParts;
  readonly cursors: Map<string, number>;
  readonly counts: Record<string, number>;
  readonly batches: string[][];
  readonly end: () => void;
}

/** An export over a log in a list, whose receiver answers as it is told, then takes everything. */
function anExport(
  log: readonly ExportedDecision[],
  answers: readonly (Delivery | 'end')[] = [],
  part: Partial<ExportParts> = {},
): World {
  const ending = new AbortController();
  const cursors = new Map<string, number>();
  const counts: Record<string, number> = {};
  const batches: string[][] = [];
  const left = [...answers];
  const sink: DecisionSink = async (texts) => {
    const answer = left.shift() ?? { kind: 'taken' };
    if (answer === 'end') {
      ending.abort();
      return { kind: 'refused', why: 'ended' };
    }
    if (answer.kind === 'taken') batches.push([...texts]);
    return answer;
  };
  const read = async (afterSeq: number): Promise<ExportPage> => {
    const page = log.filter(({ seq }) => seq > afterSeq).slice(0, 3);
    if (page.length === 0) ending.abort();
    return { decisions: page, dropped: 0, removed: 0, removedUpTo: 0, lastSeq: page.at(-1)?.seq ?? afterSeq };
  };
  const parts: ExportParts = {
    id: 'siem',
    sink,
    intervalMs: 1,
    batchBytes: 1_000,
    read,
    begin: async () => 0,
    cursors: {
      read: async (name) => cursors.get(name),
      write: async (name, seq) => void cursors.set(name, seq),
      hold: async () => true,
    },
    now: () => 0,
    random: () => -1,
    counted: (what, count) => (counts[what] = (counts[what] ?? 0) + count),
    logger: silent,
    signal: ending.signal,
    ...part,
  };
  return { parts, cursors, counts, batches, end: () => ending.abort() };
}

describe('an export', () => {
  test('sends all there is, in its order, and notes how far it has come', async () => {
    const { parts, batches, cursors, counts } = anExport(decisions(1, 3, 4, 7, 9));
    await runExport(parts);
    expect(batches.flat()).toEqual(['{"seq":1}', '{"seq":3}', '{"seq":4}', '{"seq":7}', '{"seq":9}']);
    expect(cursors.get('siem')).toBe(9);
    expect(counts).toEqual({ sent: 5 });
  });

  test('sends again what is not taken, until it is', async () => {
    const refused: Delivery = { kind: 'refused', why: 'it answers 503' };
    const { parts, batches, counts } = anExport(decisions(1, 2), [refused, refused, refused]);
    await runExport(parts);
    expect(batches).toEqual([['{"seq":1}', '{"seq":2}']]);
    expect(counts).toEqual({ failed: 3, sent: 2 });
  });

  test('goes on behind the last that was taken when it is started again', async () => {
    const first = anExport(decisions(1, 2, 3, 4, 5), [{ kind: 'taken' }, 'end']);
    await runExport(first.parts);
    expect(first.cursors.get('siem')).toBe(3);
    const second = anExport(decisions(1, 2, 3, 4, 5));
    second.cursors.set('siem', 3);
    await runExport(second.parts);
    expect(second.batches).toEqual([['{"seq":4}', '{"seq":5}']]);
  });

  test('cuts batches by their size, and a decision that is larger goes alone', async () => {
    const { parts, batches } = anExport(decisions(1, 2, 3), [], { batchBytes: 20 });
    await runExport(parts);
    expect(batches).toEqual([['{"seq":1}', '{"seq":2}'], ['{"seq":3}']]);
    const small = anExport(decisions(1, 2), [], { batchBytes: 1 });
    await runExport(small.parts);
    expect(small.batches).toEqual([['{"seq":1}'], ['{"seq":2}']]);
  });

  test('halves what is too large, and leaves the input out of a single one that is', async () => {
    const large: Delivery = { kind: 'too_large' };
    const { parts, batches, cursors } = anExport(decisions(1, 2), [large, large]);
    await runExport(parts);
    expect(batches).toEqual([['{"seq":1,"erased":["/input"]}'], ['{"seq":2}']]);
    expect(cursors.get('siem')).toBe(2);
  });

  test('that is new begins where it is told to', async () => {
    const { parts, batches } = anExport(decisions(1, 2, 3), [], { begin: async () => 2 });
    await runExport(parts);
    expect(batches).toEqual([['{"seq":3}']]);
  });

  test('counts what was left out and what was removed, and passes both by', async () => {
    const pages: ExportPage[] = [{ decisions: [], dropped: 2, removed: 5, removedUpTo: 5, lastSeq: 8 }];
    const world = anExport([], [], {
      read: async (afterSeq) => {
        const page = pages.shift();
        if (page === undefined) world.end();
        return page ?? { decisions: [], dropped: 0, removed: 0, removedUpTo: 0, lastSeq: afterSeq };
      },
    });
    await runExport(world.parts);
    expect(world.counts).toEqual({ retention: 5, configured: 2 });
    expect(world.cursors.get('siem')).toBe(8);
  });

  test('counts what was removed once, however often the rest is sent', async () => {
    const refused: Delivery = { kind: 'refused', why: 'it answers 503' };
    const log = decisions(6, 7);
    const world = anExport([], [refused, refused], {
      read: async (afterSeq) => {
        const left = log.filter(({ seq }) => seq > afterSeq);
        if (left.length === 0) world.end();
        return {
          decisions: left,
          dropped: 0,
          removed: Math.max(0, 5 - afterSeq),
          removedUpTo: 5,
          lastSeq: left.at(-1)?.seq ?? afterSeq,
        };
      },
    });
    await runExport(world.parts);
    expect(world.counts).toEqual({ retention: 5, failed: 2, sent: 2 });
  });

  test('sends nothing while another gateway does', async () => {
    let asked = 0;
    const world = anExport(decisions(1), [], {});
    const cursors = {
      ...world.parts.cursors,
      hold: async () => {
        asked += 1;
        if (asked === 3) world.end();
        return false;
      },
    };
    await runExport({ ...world.parts, cursors });
    expect(world.batches).toEqual([]);
    expect(world.cursors.size).toBe(0);
  });

  test('tells of a receiver that takes nothing once, and once when it takes again', async () => {
    const told: string[] = [];
    const logger = {
      ...silent,
      warn: (message: string) => told.push(message),
      info: (message: string) => told.push(message),
    };
    const refused: Delivery = { kind: 'refused', why: 'it answers 500' };
    const { parts } = anExport(
      decisions(1),
      Array.from({ length: 5 }, () => refused),
      { logger },
    );
    await runExport(parts);
    expect(told).toEqual([
      'decisions are not taken; they stay in the store and are sent again',
      'decisions are taken again',
    ]);
  });
});

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

async function aReceiver(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ url: string; got: Received[] }> {
  const got: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, body: JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) });
      response.writeHead(status, headers).end('{}');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/logs`, got };
}

describe('a receiver over HTTP', () => {
  const never = new AbortController().signal;

  test('gets a JSON array, compressed, with what it wants to see', async () => {
    const { url, got } = await aReceiver(200);
    const credentials = { kind: 'token', token: 'secret' } as const;
    expect(await httpSink({ url, credentials, version: '1' })(['{"a":1}', '{"b":2}'], never)).toEqual({
      kind: 'taken',
    });
    expect(got).toMatchObject([
      {
        headers: { 'content-encoding': 'gzip', 'content-type': 'application/json', authorization: 'Bearer secret' },
        body: [{ a: 1 }, { b: 2 }],
      },
    ]);
  });

  test.each([
    [413, { kind: 'too_large' }],
    [500, { kind: 'refused', why: 'it answers 500' }],
    [401, { kind: 'refused', why: 'it answers 401' }],
  ] as const)('that answers %i', async (status, delivery) => {
    const { url } = await aReceiver(status);
    expect(await httpSink({ url, version: '1' })(['{}'], never)).toEqual(delivery);
  });

  test('that sends elsewhere is not followed', async () => {
    const other = await aReceiver(200);
    const { url } = await aReceiver(307, { location: other.url });
    expect(await httpSink({ url, version: '1' })(['{}'], never)).toMatchObject({ kind: 'refused' });
    expect(other.got).toEqual([]);
  });

  test('that is not there refuses, without a word of the credentials', async () => {
    const { url } = await aReceiver(200);
    const credentials = { kind: 'basic', username: 'me', password: 'hidden-word' } as const;
    const delivery = await httpSink({ url: url.replace(/:\d+/, ':1'), credentials, version: '1' })(['{}'], never);
    expect(delivery.kind).toBe('refused');
    expect(JSON.stringify(delivery)).not.toContain('hidden-word');
  });
});

test('credentials that no header can have are not told of', async () => {
  const credentials = { kind: 'token', token: 'hidden\nword' } as const;
  const delivery = await httpSink({ url: 'http://127.0.0.1:1', credentials, version: '1' })(
    ['{}'],
    new AbortController().signal,
  );
  expect(delivery).toEqual({ kind: 'refused', why: 'its credentials have a character that no header can have' });
});

test('half a line in a file is ended, so that the next decision is whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-export-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'decisions.jsonl');
  writeFileSync(path, '{"a":1}\n{"b"');
  await fileSink(path)(['{"b":2}'], new AbortController().signal);
  expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"b"\n{"b":2}\n');
});

test('a file gets one decision in a line, behind what stands in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-export-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'decisions.jsonl');
  const sink = fileSink(path);
  const { signal } = new AbortController();
  await sink(['{"a":1}', '{"b":2}'], signal);
  await sink(['{"c":"\u202e"}'], signal);
  expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"b":2}\n{"c":"\\u202e"}\n');
  expect(await fileSink(folder)(['{}'], signal)).toMatchObject({ kind: 'refused' });
});
