import { expect, test } from 'vitest';
import { doubtsAbout } from '../../src/catalog/doubts.ts';
import type { JsonObject } from '../../src/core/json.ts';

const RO = { readOnlyHint: true };
const SAFE = { destructiveHint: false };

test.for<[string, JsonObject, JsonObject, string[]]>([
  ['read_file', RO, {}, []],
  ['create_refund', { readOnlyHint: false, ...SAFE }, {}, ['says that it destroys nothing, and is called “refund”']],
  ['deleteRepository', RO, {}, ['says that it only reads, and is called “delete”']],
  ['API-post-page', RO, {}, ['says that it only reads, and is called “post”']],
  ['execute_sql', { ...RO, destructiveHint: true }, {}, ['says that it only reads and that it destroys']],
  ['query', RO, { sql: {} }, ['says that it only reads, and takes anything as “sql”']],
  ['browser_snapshot', RO, { filename: {} }, ['says that it only reads, and takes “filename”']],
  ['search_pages', { destructiveHint: true }, {}, ['says that it destroys, and is called as if it only looked']],
  ['settings_list', RO, {}, []],
  ['do_it', {}, { sql: {} }, []],
])('what %s says of itself, with %j and %j, is doubted: %j', ([name, annotations, properties, expected]) => {
  const definition = { name, annotations, inputSchema: { type: 'object', properties } };
  expect(doubtsAbout(name, definition)).toEqual(expected);
});
