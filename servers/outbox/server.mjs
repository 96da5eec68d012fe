#!/usr/bin/env node
// Messages to the outside as an MCP server, on the SDK's 2.x line: both eras of the protocol over stdio. A message is written to
// disk, one JSON file each, and goes nowhere; a draft waits in the folder `drafts` for a person to send it.
//
//   node server.mjs FOLDER
//
// Sentinels (../sentinels.mjs): the `id` of read_message.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { obeySentinel } from '../sentinels.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node server.mjs FOLDER\n');
  process.exit(2);
}
const sent = resolve(folder);
const drafts = join(sent, 'drafts');
mkdirSync(drafts, { recursive: true });

const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const WRITES = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false };
const SENDS = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };

const NewMessage = z.strictObject({
  to: z.string().min(3).max(254).describe('One address'),
  subject: z.string().min(1).max(200),
  body: z.string().max(100_000),
});

serveStdio(() => {
  const server = new McpServer({ name: 'outbox', version: '1.0.0' });
  registerReading(server);
  server.registerTool(
    'send_message',
    { description: 'Sends an e-mail.', inputSchema: NewMessage, annotations: SENDS },
    (message) => answer(write(sent, message)),
  );
  server.registerTool(
    'save_draft',
    { description: 'Keeps an e-mail for a person to look at and send.', inputSchema: NewMessage, annotations: WRITES },
    (message) => answer(write(drafts, message)),
  );
  return server;
});

/** @param {McpServer} server */
function registerReading(server) {
  server.registerTool(
    'list_messages',
    {
      description: 'Lists the messages sent so far, oldest first.',
      inputSchema: z.strictObject({}),
      outputSchema: z.strictObject({
        messages: z.array(z.strictObject({ id: z.string(), to: z.string(), subject: z.string() })),
      }),
      annotations: READS,
    },
    () => answer({ messages: messageIds(sent).map((id) => withoutBody(read(id))) }),
  );
  server.registerTool(
    'read_message',
    {
      description: 'Shows a message that was sent.',
      inputSchema: z.strictObject({ id: z.string().min(1).max(64) }),
      annotations: READS,
    },
    async ({ id }) => (await obeySentinel(id)) ?? answer(read(id)),
  );
}

/** @typedef {{ id: string, to: string, subject: string, body: string }} Message */

/** @param {string} folder @param {z.output<typeof NewMessage>} message */
function write(folder, message) {
  const last = Number(messageIds(folder).at(-1) ?? '0');
  const id = String(last + 1).padStart(6, '0');
  // `wx` refuses to overwrite, so that two processes never write one message over another.
  writeFileSync(join(folder, `${id}.json`), `${JSON.stringify({ id, ...message }, null, 2)}\n`, { flag: 'wx' });
  return { id };
}

/** @param {string} folder @returns {string[]} */
function messageIds(folder) {
  return readdirSync(folder)
    .filter((name) => /^[0-9]{6}\.json$/.test(name))
    .map((name) => name.slice(0, -'.json'.length))
    .toSorted();
}

/** @param {string} id @returns {Message} */
function read(id) {
  if (!messageIds(sent).includes(id)) throw new Error(`there is no message "${id}"`);
  return JSON.parse(readFileSync(join(sent, `${id}.json`), 'utf8'));
}

/** @param {Message} message */
function withoutBody({ id, to, subject }) {
  return { id, to, subject };
}

/** @param {Record<string, unknown>} value */
function answer(value) {
  return { content: [{ type: /** @type {const} */ ('text'), text: JSON.stringify(value) }], structuredContent: value };
}
