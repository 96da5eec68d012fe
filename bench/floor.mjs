#!/usr/bin/env node
// The least a gateway can do in Node: read a message, give it an id of its own, pass it on, and the same back. It checks
// nothing, decides nothing and writes nothing down.
//
//   node floor.mjs stdio COMMAND ARG…       in front of a stdio server, over stdio
//   node floor.mjs http:PORT COMMAND ARG…   the same over HTTP on 127.0.0.1

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { readLines } from './lines.mjs';

const [front, command, ...args] = process.argv.slice(2);
const upstream = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });

/** What waits for an answer, by the id that the upstream sees. */
const waiting = new Map();
let lastId = 0;

readLines(upstream.stdout, (line) => {
  const message = JSON.parse(line);
  const caller = waiting.get(message.id);
  if (caller === undefined) return;
  waiting.delete(message.id);
  message.id = caller.id;
  caller.answer(JSON.stringify(message));
});

function forward(text, answer) {
  const message = JSON.parse(text);
  const { id } = message;
  if (id !== undefined) {
    lastId += 1;
    waiting.set(lastId, { id, answer });
    message.id = lastId;
  }
  upstream.stdin.write(`${JSON.stringify(message)}\n`);
  return id !== undefined;
}

function serveStdio() {
  readLines(process.stdin, (line) => forward(line, (text) => process.stdout.write(`${text}\n`)));
  process.stdin.on('end', end);
}

function serveHttp(port) {
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const isAnswered = forward(Buffer.concat(chunks).toString(), (text) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
        response.end(text);
      });
      if (!isAnswered) response.writeHead(202).end();
    });
  });
  server.listen(port, '127.0.0.1');
}

function end() {
  upstream.kill();
  process.exit(0);
}

process.on('SIGTERM', end);
if (front === 'stdio') serveStdio();
else serveHttp(Number(front.slice('http:'.length)));
