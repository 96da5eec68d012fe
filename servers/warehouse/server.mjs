#!/usr/bin/env node
// A SQLite customer database as an MCP server, on the SDK's 2.x line: both eras of the protocol over stdio.
//
//   node server.mjs [DATABASE] [EXPORT_FOLDER]
//
// DATABASE is a file (created with example rows when missing) or `:memory:` (default); exports go to EXPORT_FOLDER, by default
// `exports`. Results carry the classes of the data in them as labels, under `mcp-gateway/labels` in `_meta`.
// Sentinels (../sentinels.mjs): the `table` of describe_table.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { obeySentinel } from '../sentinels.mjs';
import { describeTable, listTables, openWarehouse, runQuery } from './database.mjs';

const [path = ':memory:', exportFolder = 'exports'] = process.argv.slice(2);
const database = openWarehouse(path);

/** The most rows that one query returns. */
const ROW_LIMIT = 100;

const Table = z.string().min(1).max(64).describe('Name of a table');
const Rows = z.strictObject({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())),
  truncated: z.boolean().describe(`True when there were more than ${ROW_LIMIT} rows`),
});
const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const WRITES = { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false };

serveStdio(() => {
  const server = new McpServer({ name: 'warehouse', version: '1.0.0' });
  registerTables(server);
  registerQueries(server);
  return server;
});

/** @param {McpServer} server */
function registerTables(server) {
  server.registerTool(
    'list_tables',
    {
      description: 'Lists the tables of the database.',
      inputSchema: z.strictObject({}),
      outputSchema: z.strictObject({ tables: z.array(z.string()) }),
      annotations: READS,
    },
    () => answer({ tables: listTables(database) }, []),
  );
  server.registerTool(
    'describe_table',
    {
      description: 'Lists the columns of a table with their types and the class of the data they hold.',
      inputSchema: z.strictObject({ table: Table }),
      annotations: READS,
    },
    async ({ table }) => (await obeySentinel(table)) ?? answer({ columns: describeTable(database, table) }, []),
  );
}

/** @param {McpServer} server */
function registerQueries(server) {
  server.registerTool(
    'run_query',
    {
      description: `Runs one SELECT statement (SQLite) and returns at most ${ROW_LIMIT} rows.`,
      inputSchema: z.strictObject({ sql: z.string().min(1).max(10_000) }),
      outputSchema: Rows,
      annotations: READS,
    },
    ({ sql }) => {
      const { dataClasses, ...rows } = runQuery(database, sql, ROW_LIMIT);
      return answer(rows, dataClasses);
    },
  );
  server.registerTool(
    'export_table',
    {
      description: 'Writes all rows of a table to a CSV file in the export folder.',
      inputSchema: z.strictObject({
        table: Table,
        file: z
          .string()
          .regex(/^[a-z0-9][a-z0-9_-]{0,63}\.csv$/)
          .describe('Name of the file to write'),
      }),
      annotations: WRITES,
    },
    ({ table, file }) => {
      describeTable(database, table);
      const { columns, rows, dataClasses } = runQuery(database, `SELECT * FROM "${table.replaceAll('"', '""')}"`);
      mkdirSync(resolve(exportFolder), { recursive: true });
      const written = join(resolve(exportFolder), file);
      writeFileSync(written, [columns, ...rows].map((row) => `${row.map(csv).join(',')}\n`).join(''));
      return answer({ file: written, rows: rows.length }, dataClasses);
    },
  );
}

/** @param {Record<string, unknown>} value @param {readonly string[]} dataClasses */
function answer(value, dataClasses) {
  return {
    content: [{ type: /** @type {const} */ ('text'), text: JSON.stringify(value) }],
    structuredContent: value,
    _meta: { 'mcp-gateway/labels': dataClasses },
  };
}

/** @param {import('./database.mjs').Value} value */
function csv(value) {
  const text = value === null ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
