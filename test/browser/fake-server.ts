import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fakeChanges } from './fake-changes.ts';
import { fakeDecision, fakeRows } from './fake-records.ts';
import { fakeAgents, fakeClients, fakeServers } from './fake-places.ts';
import { fakeApprovals, fakeOverview, fakePolicies, fakeReport, fakeSession } from './fake-views.ts';

/** As the gateway sends it with every answer. */
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface Sent {
  readonly path: string;
  readonly body: string;
  readonly csrf: string;
}

export interface FakeServer {
  readonly url: string;
  /** What was changed, in order. */
  readonly sent: Sent[];
  /** By `GET /api/<name>`: an answer instead of the usual one, or a status that refuses. */
  readonly instead: Map<string, unknown>;
  /** From then on the server knows nobody, as after a restart. */
  forget(): void;
  /** Somebody came in again, with another token. */
  remember(csrf: string): void;
  /** Tells the live view. */
  tell(row: unknown): void;
  close(): Promise<void>;
}

const ANSWERS: Readonly<Record<string, (nowMs: number, id: string, url: URL) => unknown>> = {
  overview: fakeOverview,
  decisions: (nowMs, id, url) => (id === '' ? page(nowMs, url) : fakeDecision(id)),
  policies: fakePolicies,
  changes: fakeChanges,
  approvals: (nowMs, _id, url) =>
    url.searchParams.get('status') === 'pending' ? fakeApprovals(nowMs) : { approvals: [], answering: [] },
  servers: fakeServers,
  clients: fakeClients,
  agents: fakeAgents,
  report: fakeReport,
};

function page(nowMs: number, { searchParams }: URL): unknown {
  const before = Number(searchParams.get('before') ?? 401);
  const effect = searchParams.get('effect');
  const rows = fakeRows(400, nowMs).filter((row) => row.seq < before && (effect ?? row.effect) === row.effect);
  const shown = rows.slice(0, 50);
  const last = shown.at(-1)?.seq;
  return { rows: shown, ...(rows.length > 50 ? { next: last } : {}) };
}

/** The built pages with answers that never change, and the gateway's own content security policy. */
export async function startFakeServer(): Promise<FakeServer> {
  const sent: Sent[] = [];
  const instead = new Map<string, unknown>();
  const streams = new Set<ServerResponse>();
  let csrf: string | undefined = 'token-1';
  const api = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://here');
    const [, , name = '', id = '', more = ''] = url.pathname.split('/');
    const say = (status: number, value: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (csrf === undefined) {
      return say(401, { code: 'SIGNED_OUT', message: 'You are not signed in here.', mend: 'Open a new link.' });
    }
    if (request.method === 'POST') {
      sent.push({
        path: url.pathname,
        body: await textOf(request),
        csrf: String(request.headers['x-csrf-token'] ?? ''),
      });
      if (request.headers['x-csrf-token'] !== csrf)
        return say(403, { code: 'CSRF', message: 'Another sign-in.', mend: '' });
      return say(200, instead.get(`POST ${name}`) ?? {});
    }
    if (id === 'stream') {
      streams.add(response.writeHead(200, { 'content-type': 'text/event-stream' }));
      return void response.write(': begun\n\n');
    }
    if (instead.has(name)) return say(200, instead.get(name));
    if (name === 'session') return say(200, fakeSession({ csrf }));
    if (more === 'case') return say(200, { file: 'cases/refunds.yaml', text: 'version: 1\ncases: []\n' });
    return say(200, ANSWERS[name]?.(Date.now(), id, url) ?? {});
  };
  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', POLICY);
    if (request.url?.startsWith('/api/') === true) return void api(request, response);
    file(new URL(request.url ?? '', 'http://here').pathname, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    instead,
    forget: () => (csrf = undefined),
    remember: (next) => (csrf = next),
    tell: (row) => streams.forEach((stream) => stream.write(`event: decision\ndata: ${JSON.stringify(row)}\n\n`)),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function file(path: string, response: ServerResponse): void {
  const name = extname(path) === '' ? 'index.html' : normalize(path);
  try {
    const bytes = readFileSync(join('dist/dashboard', name));
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
