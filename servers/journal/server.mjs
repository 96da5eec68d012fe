#!/usr/bin/env node
// A bare MCP server over stdio without an SDK, for tests that must know exactly what arrived.
//
//   node server.mjs JOURNAL
//
// Every tools/call it receives is appended to the file JOURNAL as one JSON line {time, pid, name, arguments} and reaches the disk
// before anything else happens, so a killed process leaves no call behind that is not in the journal.
//
// Tools: write {text}, read {}, echo {…anything…}, slow {ms, steps} (reports each step as it begins, can be cancelled), exit {code} (ends the
// process without an answer).

import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const file = process.argv[2] ?? '';
if (file === '') {
  process.stderr.write('usage: node server.mjs JOURNAL\n');
  process.exit(2);
}

/** @param {Record<string, unknown>} properties @param {boolean} [isClosed] */
const schema = (properties, isClosed = true) => ({ type: 'object', properties, additionalProperties: !isClosed });
const READS = { readOnlyHint: true, destructiveHint: false };
const WRITES = { readOnlyHint: false, destructiveHint: false };
const integer = { type: 'integer', minimum: 0 };

const tools = [
  {
    name: 'write',
    description: 'Writes a line.',
    inputSchema: schema({ text: { type: 'string' } }),
    annotations: WRITES,
  },
  { name: 'read', description: 'Returns the journal.', inputSchema: schema({}), annotations: READS },
  { name: 'echo', description: 'Returns its arguments.', inputSchema: schema({}, false), annotations: READS },
  {
    name: 'slow',
    description: 'Answers late.',
    inputSchema: schema({ ms: integer, steps: integer }),
    annotations: READS,
  },
  { name: 'exit', description: 'Ends the process.', inputSchema: schema({ code: integer }), annotations: WRITES },
];

/** Request ids of `slow` calls that run, each with the timer of its next step. @type {Map<unknown, NodeJS.Timeout>} */
const running = new Map();

createInterface({ input: process.stdin }).on('line', (line) => receive(JSON.parse(line)));

/** @typedef {{ id?: string | number, method?: string, params?: any }} Message */

/** @param {Message} message */
function receive({ id, method, params }) {
  if (method === 'notifications/cancelled') return cancel(params.requestId);
  if (id === undefined) return undefined;
  if (method === 'tools/call') return call(id, params);
  const protocolVersion = params?.protocolVersion;
  const serverInfo = { name: 'journal', version: '1.0.0' };
  if (method === 'initialize') return answer(id, { protocolVersion, capabilities: { tools: {} }, serverInfo });
  if (method === 'tools/list') return answer(id, { tools });
  if (method === 'ping') return answer(id, {});
  return send({ id, error: { code: -32601, message: `unknown method ${method}` } });
}

/** @param {string | number} id @param {{ name: string, arguments?: any, _meta?: any }} params */
function call(id, { name, arguments: args = {}, _meta: meta = {} }) {
  append({ time: new Date().toISOString(), pid: process.pid, name, arguments: args });
  if (name === 'exit') process.exit(args.code ?? 0);
  if (name === 'slow')
    return step(id, { done: 0, steps: args.steps ?? 1, ms: args.ms ?? 100, token: meta.progressToken });
  if (name === 'write') return answer(id, text('written'));
  if (name === 'read') return answer(id, text(readFileSync(file, 'utf8')));
  if (name === 'echo') return answer(id, { ...text(JSON.stringify(args)), structuredContent: args });
  return send({ id, error: { code: -32602, message: `unknown tool ${name}` } });
}

/** @param {string | number} id @param {{ done: number, steps: number, ms: number, token: unknown }} work */
function step(id, { done, steps, ms, token }) {
  if (done >= steps) {
    running.delete(id);
    return answer(id, text(`done after ${steps} steps`));
  }
  if (token !== undefined)
    send({ method: 'notifications/progress', params: { progressToken: token, progress: done + 1, total: steps } });
  const next = () => step(id, { done: done + 1, steps, ms, token });
  running.set(id, setTimeout(next, ms / steps));
  return undefined;
}

/** @param {string | number} id A cancelled call is not answered. */
function cancel(id) {
  clearTimeout(running.get(id));
  running.delete(id);
}

/** @param {Record<string, unknown>} entry */
function append(entry) {
  const handle = openSync(file, 'a');
  writeSync(handle, `${JSON.stringify(entry)}\n`);
  fsyncSync(handle);
  closeSync(handle);
}

/** @param {string} value */
function text(value) {
  return { content: [{ type: 'text', text: value }] };
}

/** @param {string | number} id @param {Record<string, unknown>} result */
function answer(id, result) {
  send({ id, result });
}

/** @param {Record<string, unknown>} message */
function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}
