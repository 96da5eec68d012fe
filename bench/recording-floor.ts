// The least that a gateway in Node can do which decides and records: `floor.mjs`, and between its two writes a strict
// parse, the policy modules asked, and one committed row as long as a record. In a straight line, for this one call: no
// sessions, no schemas of arguments, no bundles in scope, no opinion read or combined, no column to search in, no second
// process on the store, and nothing that is checked but the message itself. What it asks it asks through the gateway's
// own runtime, and only those bundles whose answer may differ from call to call.
//
//   node recording-floor.js stdio starter      over stdio, in front of the benchmark's upstream
//   node recording-floor.js http:PORT heavy    over HTTP on 127.0.0.1, with the six heavy bundles
//   node recording-floor.js http:PORT starter full    the same, and waits for the disk
//   node recording-floor.js loop starter       only decides and records, again and again; prints the CPU of one in µs
//
// It runs in a folder of its own, in which it keeps its database, and finds compiled policies in MCP_GATEWAY_CACHE.

import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { Readable } from 'node:stream';
import BetterSqlite3 from 'better-sqlite3';
import { compileBundles, loadBundle, readLibrary, SHIPPED_BUNDLES } from '../src/app/bundles.ts';
import { validateAgainst } from '../src/catalog/validate-against.ts';
import type { JsonObject } from '../src/core/json.ts';
import { parseRequestBytes } from '../src/core/strict-json.ts';
import { HOST_BUILTINS } from '../src/policy/builtins.ts';
import { toSource } from '../src/policy/bundle.ts';
import { loadModule } from '../src/policy/module.ts';
import { cacheFor } from '../src/policy/opinion-cache.ts';
import { projectionTo } from '../src/policy/projection.ts';
import { rewriteModule } from '../src/policy/rewrite.ts';
import { PolicyRuntime } from '../src/policy/runtime.ts';
import { TOTAL_INPUT } from '../src/policy/total-input.ts';
import { Toolchain } from '../src/rego/toolchain.ts';
import { bundleFolder, ORGANISATION } from './configuration.ts';
import { UPSTREAM } from './place.ts';
import { AGENT, DATA_CLASS, ordinaryCall, REGION, SERVER, TEAM, TOOL, USER } from './workload.ts';

/** As long as the gateway's record of the same call. */
const RECORD_BYTES = { starter: 5_250, heavy: 5_250 };
const FUEL = 2_000_000;
const LOOPS = 5_000;
/** Stands for what is the same in every record: what the other bundles said, who asked, the generation. */
const REST = 'x'.repeat(Math.max(...Object.values(RECORD_BYTES)));

/** The bundles of each module. Of the starter set the gateway asks one at every call. */
const MODULES = {
  starter: [[['starter-workflow', `${SHIPPED_BUNDLES}starter/workflow`]]],
  heavy: [ORGANISATION.map((id) => [id, bundleFolder(id)]), [[SERVER, bundleFolder(SERVER)]]],
};

type Answer = (text: string) => void;

/** A call that is decided and waits for its commit, which all have that came in the same turn. */
interface Waiting {
  readonly id: string;
  readonly record: string;
  readonly forwarded: string;
}

interface Module {
  readonly runtime: PolicyRuntime;
  readonly entrypoints: readonly string[];
  readonly project: ReturnType<typeof projectionTo>;
}

const [front = '', name, durability = 'normal'] = process.argv.slice(2);
const bundles = name === 'heavy' ? 'heavy' : 'starter';
const modules = await loadModules();
const database = openDatabase();
const insert = database.prepare('insert into log (seq, kind, id, time, prev, hash, body) values (?, ?, ?, ?, ?, ?, ?)');
const begin = database.prepare('begin immediate');
const commit = database.prepare('commit');
const secret = randomBytes(32);
const upstream = spawn(process.execPath, [UPSTREAM], { stdio: ['pipe', 'pipe', 'inherit'] });

/** What waits for an answer, by the id that the upstream sees. */
const asked = new Map<number, { readonly id: unknown; readonly record: string; readonly answer: Answer }>();
let lastId = 0;
let decided: Waiting[] = [];
let outcomes: string[] = [];
let seq = 0;
let head: Buffer = Buffer.alloc(32);
let calls = 0;

process.on('SIGTERM', end);
readLines(upstream.stdout, answerWith);
if (front === 'stdio') serveStdio();
else if (front === 'loop') loop();
else serveHttp(Number(front.slice('http:'.length)));

async function loadModules(): Promise<readonly Module[]> {
  const toolchain = new Toolchain({ cacheFolder: process.env['MCP_GATEWAY_CACHE'] ?? '.' });
  const loader = { toolchain, library: readLibrary(), validate: validateAgainst };
  const loadOne = async ([id = '', path = '']: readonly string[]): ReturnType<typeof loadBundle> =>
    loadBundle({ id, path, data: {} }, loader);
  const loaded: Module[] = [];
  for (const group of MODULES[bundles]) {
    const sources = await Promise.all(group.map(loadOne));
    const compiled = await compileBundles(
      sources.map(({ bundle }) => toSource(bundle)),
      loader,
    );
    const asked = Object.values(compiled.bundles).filter((facts) => cacheFor(facts) === undefined);
    const runtime = new PolicyRuntime(loadModule(rewriteModule(compiled.wasm)), {
      data: JSON.stringify({ bundle: Object.fromEntries(sources.map(({ bundle }) => [bundle.id, bundle.data])) }),
      builtins: HOST_BUILTINS,
      monotonic: () => performance.now(),
      print: () => undefined,
    });
    const entrypoints = asked.map(({ entrypointPath }) => entrypointPath);
    loaded.push({ runtime, entrypoints, project: projectionTo(asked.flatMap(({ inputs }) => inputs)) });
  }
  await toolchain.close();
  return loaded;
}

function openDatabase(): BetterSqlite3.Database {
  const opened = new BetterSqlite3('floor.db');
  opened.pragma('journal_mode = wal');
  opened.pragma(`synchronous = ${durability}`);
  opened.exec(`create table if not exists log (
    seq integer primary key, kind text not null, id text not null, time text not null, prev blob not null,
    hash blob not null, body text not null) strict; delete from log`);
  return opened;
}

/** False where no answer will come. */
function take(bytes: Buffer, answer: Answer): boolean {
  const parsed = parseRequestBytes(bytes);
  if (parsed.kind === 'refused') throw new Error(parsed.message);
  const { id, method, params } = parsed.value;
  if (id === undefined) return false;
  lastId += 1;
  const forwarded = `${JSON.stringify({ ...parsed.value, id: lastId })}\n`;
  if (method !== 'tools/call') {
    asked.set(lastId, { id, record: '', answer });
    upstream.stdin.write(forwarded);
    return true;
  }
  const record = decide((params as { readonly arguments: JsonObject }).arguments);
  const recordId = record.slice(7, 7 + 36);
  asked.set(lastId, { id, record: recordId, answer });
  if (decided.length === 0) setImmediate(commitAll);
  decided.push({ id: recordId, record, forwarded });
  return true;
}

/** The record as JSON text. */
function decide(args: JsonObject): string {
  calls += 1;
  const now = Date.now();
  const input: JsonObject = {
    ...(TOTAL_INPUT as unknown as JsonObject),
    action: { ...(TOTAL_INPUT.action as unknown as JsonObject), args, tool: TOOL },
    agent: { ...(TOTAL_INPUT.agent as unknown as JsonObject), id: AGENT, owner_team: TEAM },
    context: { ...(TOTAL_INPUT.context as unknown as JsonObject), calls_in_a_row: calls },
    server: { ...(TOTAL_INPUT.server as unknown as JsonObject), id: SERVER, region: REGION },
    user: { data_classifications_authorized: [DATA_CLASS], groups: [], id: USER },
  };
  const said: string[] = [];
  for (const { runtime, entrypoints, project } of modules) {
    runtime.open({ input: JSON.stringify(project(input)), nowNs: BigInt(now) * 1_000_000n });
    for (const entrypoint of entrypoints) {
      const evaluated = runtime.evaluate(entrypoint, FUEL);
      if (evaluated.kind !== 'value') throw new Error(`a policy failed: ${evaluated.kind}`);
      said.push(evaluated.text);
    }
  }
  const id = uniqueId(now);
  const text = `{"id":"${id}","time":${now},"effect":"allow","said":[${said.join(',')}],"input":${JSON.stringify(input)},"rest":"`;
  return `${text}${REST.slice(0, Math.max(0, RECORD_BYTES[bundles] - text.length - 2))}"}`;
}

function uniqueId(now: number): string {
  return `${now.toString(16).padStart(12, '0')}-${calls.toString(16).padStart(23, '0')}`;
}

/** Nothing goes out before its record is committed; outcomes go with the next commit. */
function commitAll(): void {
  const group = decided;
  const ended = outcomes;
  decided = [];
  outcomes = [];
  const time = new Date().toISOString();
  begin.run();
  for (const id of ended) append('outcome', id, { time, body: `{"id":"${id}","status":"ok","ms":1}` });
  for (const { id, record } of group) append('decision', id, { time, body: record });
  commit.run();
  for (const { forwarded } of group) if (forwarded !== '') upstream.stdin.write(forwarded);
}

function append(kind: string, id: string, { time, body }: { readonly time: string; readonly body: string }): void {
  seq += 1;
  const hash = createHmac('sha256', secret)
    .update(head)
    .update(`${seq}\n${kind}\n${id}\n${time}\n`)
    .update(body)
    .digest();
  insert.run(seq, kind, id, time, head, hash, body);
  head = hash;
}

function answerWith(line: string): void {
  const message = JSON.parse(line) as { id: number };
  const caller = asked.get(message.id);
  if (caller === undefined) return;
  asked.delete(message.id);
  if (caller.record !== '') outcomes.push(caller.record);
  caller.answer(JSON.stringify({ ...message, id: caller.id }));
}

/** As in `lines.mjs`, which has no types. */
function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}

function serveStdio(): void {
  readLines(process.stdin, (line) => take(Buffer.from(line), (text) => process.stdout.write(`${text}\n`)));
  process.stdin.on('end', end);
}

function serveHttp(port: number): void {
  const server = createServer((request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(405).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isAnswered = take(Buffer.concat(chunks), (text) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
        response.end(text);
      });
      if (!isAnswered) response.writeHead(202).end();
    });
  });
  server.listen(port, '127.0.0.1');
}

/** One at a time, each with the outcome of the one before, as with one call in flight. */
function loop(): void {
  const once = (number: number): void => {
    const record = decide(ordinaryCall(number));
    const id = record.slice(7, 7 + 36);
    decided.push({ id, record, forwarded: '' });
    commitAll();
    outcomes.push(id);
  };
  for (let number = 0; number < LOOPS; number += 1) once(number);
  const { user, system } = process.cpuUsage();
  for (let number = 0; number < LOOPS; number += 1) once(number);
  const used = process.cpuUsage({ user, system });
  console.log(((used.user + used.system) / LOOPS).toFixed(1));
  end();
}

function end(): void {
  upstream.kill();
  process.exit(0);
}
