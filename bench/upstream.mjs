#!/usr/bin/env node
// The server behind every target: an echo in plain Node, so that what is measured is what stands in front of it.
//
//   node upstream.mjs              over stdio
//   node upstream.mjs --http PORT  over Streamable HTTP on 127.0.0.1, answers as JSON
//   node upstream.mjs --slow MS    over stdio, each call so much later

import { createServer } from 'node:http';
import { readLines } from './lines.mjs';

const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

const ECHO = {
  name: 'echo',
  description: 'Answers with the text it is given.',
  inputSchema: {
    type: 'object',
    additionalProperties: false,
    required: ['text'],
    properties: {
      text: { type: 'string', maxLength: 1_000_000 },
      path: { type: 'string', maxLength: 4096 },
      amount: { type: 'number', minimum: 0 },
      hosts: { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 253 } },
    },
  },
  annotations: READS,
};

const OTHERS = ['read', 'list', 'find', 'count', 'compare', 'describe', 'measure', 'preview', 'verify'].map((name) => ({
  name: `${name}_report`,
  description: `Would ${name} a report; here so that the list has ten tools.`,
  inputSchema: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: { path: { type: 'string' }, limit: { type: 'integer', minimum: 1, maximum: 1000 } },
  },
  annotations: READS,
}));

const METHODS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'echo', version: '1.0.0' },
  }),
  'tools/list': () => ({ tools: [ECHO, ...OTHERS] }),
  'tools/call': ({ arguments: { text, path } }) => ({ content: [{ type: 'text', text: text ?? path }] }),
  ping: () => ({}),
};

/** The answer as JSON text; undefined for what wants none. */
function answer(message) {
  const { id, method, params } = JSON.parse(message);
  if (id === undefined || method === undefined) return undefined;
  const run = METHODS[method];
  if (run !== undefined) return JSON.stringify({ jsonrpc: '2.0', id, result: run(params ?? {}) });
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: `no method ${method}` } });
}

function serveStdio(delayMs) {
  readLines(process.stdin, (line) => {
    const text = answer(line);
    if (text === undefined) return;
    if (delayMs > 0 && line.includes('"tools/call"')) setTimeout(() => process.stdout.write(`${text}\n`), delayMs);
    else process.stdout.write(`${text}\n`);
  });
  process.stdin.on('end', () => process.exit(0));
}

function serveHttp(port) {
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const text = answer(Buffer.concat(chunks).toString());
      if (text === undefined) return void response.writeHead(202).end();
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      response.end(text);
    });
  });
  server.listen(port, '127.0.0.1');
}

const [flag, number] = process.argv.slice(2);
if (flag === '--http') serveHttp(Number(number));
else serveStdio(flag === '--slow' ? Number(number) : 0);
