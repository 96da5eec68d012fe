import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildCatalog,
  refuseCollisions,
  type Catalog,
  type ToolFilter,
  type OfferedList,
} from '../../src/catalog/catalog.ts';
import type { ToolNames } from '../../src/catalog/naming.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { ServerId } from '../../src/core/names.ts';

const SCHEMA = { type: 'object' };

function tools(...names: readonly string[]): readonly JsonObject[] {
  return names.map((name) => ({ name, inputSchema: SCHEMA }));
}

interface Given {
  readonly toolNames?: ToolNames;
  readonly filter?: Partial<ToolFilter>;
}

function catalogOf(servers: Readonly<Record<string, readonly JsonObject[]>>, given: Given = {}): Catalog {
  const ids = Object.keys(servers).map((id) => id as ServerId);
  const lists: readonly OfferedList[] = ids.map((server) => ({ server, definitions: servers[server] ?? [] }));
  const filters = new Map(ids.map((id) => [id, { include: ['*'], exclude: [], ...given.filter }]));
  return buildCatalog(lists, { kind: 'tool', toolNames: given.toolNames ?? 'auto', filters });
}

const namesIn = (catalog: Catalog): readonly string[] => catalog.listing.map((tool) => tool.exposedName);

describe('the catalog', () => {
  it('knows by an exposed name which tool of which server is meant', () => {
    const catalog = catalogOf({ files: tools('read', 'write'), notes: tools('read') });
    expect(namesIn(catalog)).toEqual(['files__read', 'files__write', 'notes__read']);
    expect(catalog.resolve('notes__read')).toMatchObject({ server: 'notes', name: 'read' });
    expect([catalog.resolve('read'), catalog.resolve('toString'), catalog.resolve('__proto__')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('changes nothing in a definition but its name', () => {
    const odd = JSON.parse(
      '{"name":"a.b","title":"T","inputSchema":{"type":"object","x-own":[null]},"_meta":{"vendor":1},"__proto__":{"x":1},"constructor":2}',
    ) as JsonObject;
    const shown = catalogOf({ files: [odd] }).listing[0];
    expect(JSON.stringify(shown?.definition)).toBe(
      JSON.stringify(odd).replace('"a.b"', `"${shown?.exposedName ?? ''}"`),
    );
  });

  it('is in the same order whatever the order of servers and of their lists', () => {
    const lists = [
      { server: 'files' as ServerId, definitions: tools('read', 'write', 'list') },
      { server: 'notes' as ServerId, definitions: tools('read', 'add') },
    ];
    const filters = new Map(lists.map(({ server }) => [server, { include: ['*'], exclude: [] }]));
    const expected = buildCatalog(lists, { kind: 'tool', toolNames: 'auto', filters }).listing;
    fc.assert(
      fc.property(fc.shuffledSubarray(lists, { minLength: 2 }), fc.boolean(), (shuffled, reverse) => {
        const given = shuffled.map((list) => ({
          ...list,
          definitions: reverse ? list.definitions.toReversed() : list.definitions,
        }));
        expect(buildCatalog(given, { kind: 'tool', toolNames: 'auto', filters }).listing).toEqual(expected);
      }),
    );
  });

  it('offers what is included and not excluded', () => {
    const given = { files: tools('read_file', 'read_folder', 'write_file', 'delete') };
    expect(namesIn(catalogOf(given, { filter: { include: ['*_file', 'delete'], exclude: ['w*', 'delet?'] } }))).toEqual(
      ['read_file'],
    );
  });

  it('has nothing of a server that is not configured', () => {
    const list = { server: 'other' as ServerId, definitions: tools('read') };
    expect(buildCatalog([list], { kind: 'tool', toolNames: 'auto', filters: new Map() }).listing).toEqual([]);
  });

  it('hides a tool whose name or schema would harm the others, and says why', () => {
    const definitions = [
      ...tools('good', '__proto__', 're\u200bad'),
      { name: 'no-schema' },
      { name: 'text', inputSchema: { type: 'string' } },
      { inputSchema: SCHEMA },
    ];
    const catalog = catalogOf({ files: definitions });
    expect(namesIn(catalog)).toEqual(['good']);
    expect(catalog.hidden.map(({ kind, name }) => [kind, name])).toEqual([
      ['name', '__proto__'],
      ['name', 're\u200bad'],
      ['definition', 'no-schema'],
      ['definition', 'text'],
      ['name', ''],
    ]);
  });

  it('takes the first of two definitions with one name', () => {
    const catalog = catalogOf({ files: [{ name: 'a', inputSchema: SCHEMA, title: 'first' }, ...tools('a')] });
    expect(catalog.resolve('a')?.definition['title']).toBe('first');
    expect(catalog.hidden).toMatchObject([{ kind: 'twice', name: 'a' }]);
  });

  it('G-42 shows neither of two tools that would have one name', () => {
    const catalog = catalogOf({ files: tools('read', 'list'), notes: tools('read') }, { toolNames: 'plain' });
    expect(namesIn(catalog)).toEqual(['list']);
    expect(() => refuseCollisions(catalog, 'tool')).toThrow(
      expect.objectContaining({
        code: 'NAME_COLLISION',
        message: expect.stringContaining('files/read, notes/read') as string,
      }),
    );
    expect(() => refuseCollisions(catalogOf({ files: tools('read') }), 'tool')).not.toThrow();
  });

  it('G-42 cannot be made to show another tool by a name that imitates a shortened one', () => {
    const imitation = catalogOf({ files: tools('a.b') }).listing[0]?.exposedName ?? '';
    expect(namesIn(catalogOf({ files: tools('a.b', imitation) }))).toEqual([]);
  });

  it('G-43 takes the first of two names of a server that differ by case alone', () => {
    const catalog = catalogOf({ files: tools('read', 'Read', 'write'), notes: tools('READ') });
    expect(namesIn(catalog)).toEqual(['files__read', 'files__write', 'notes__READ']);
    expect(catalog.hidden).toMatchObject([{ name: 'Read', why: 'the server lists read too; the first one counts' }]);
  });
});
