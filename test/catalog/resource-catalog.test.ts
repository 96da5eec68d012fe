import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildResourceCatalog, type ResourceCatalog, type ResourceLists } from '../../src/catalog/resource-catalog.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { ServerId } from '../../src/core/names.ts';

interface Offered {
  readonly resources?: readonly string[];
  readonly templates?: readonly string[];
}

test('a URI of one server stays as it is and names that server', () => {
  const catalog = catalogOf({ files: { resources: ['note://1'] }, mail: { resources: ['mail://1'] } });
  expect(catalog.resources.map(({ exposedUri }) => exposedUri)).toEqual(['mail://1', 'note://1']);
  expect(catalog.claim('mail://1')).toMatchObject({ kind: 'one', server: 'mail', uri: 'mail://1' });
});

test('a URI that several servers list is wrapped for each of them, and alone means none', () => {
  const catalog = catalogOf({ files: { resources: ['a://b'] }, mail: { resources: ['a://b'] } });
  expect(catalog.resources).toMatchObject([
    { exposedUri: 'mcp-gateway+files:a://b', definition: { uri: 'mcp-gateway+files:a://b', name: 'a://b' } },
    { exposedUri: 'mcp-gateway+mail:a://b' },
  ]);
  expect(catalog.claim('a://b')).toEqual({ kind: 'several' });
  expect(catalog.claim('mcp-gateway+mail:a://b')).toMatchObject({ kind: 'one', server: 'mail', uri: 'a://b' });
});

test('a wrapped URI means what it says, also without need', () => {
  const catalog = catalogOf({ files: { resources: ['a://b'] } });
  expect(catalog.claim('mcp-gateway+files:a://c')).toMatchObject({ kind: 'one', server: 'files', uri: 'a://c' });
  expect(catalog.claim('mcp-gateway+other:a://c')).toEqual({ kind: 'none' });
});

test('what is not listed is known by a template, of two by the one that says more', () => {
  const catalog = catalogOf({
    files: { templates: ['note://{+any}'] },
    mail: { templates: ['note://mail/{id}'], resources: ['note://listed'] },
  });
  expect(catalog.claim('note://x/y')).toMatchObject({ server: 'files', template: { uri: 'note://{+any}' } });
  expect(catalog.claim('note://mail/1')).toMatchObject({ server: 'mail' });
  expect(catalog.claim('note://listed')).toMatchObject({ server: 'mail', template: undefined });
});

test('a template that several servers have is wrapped, and its URIs alone mean none', () => {
  const catalog = catalogOf({ files: { templates: ['n://{id}'] }, mail: { templates: ['n://{id}'] } });
  expect(catalog.templates).toMatchObject([
    { exposedUri: 'mcp-gateway+files:n://{id}', definition: { uriTemplate: 'mcp-gateway+files:n://{id}' } },
    { exposedUri: 'mcp-gateway+mail:n://{id}' },
  ]);
  expect(catalog.claim('n://1')).toEqual({ kind: 'several' });
  expect(catalog.claim('mcp-gateway+mail:n://1')).toMatchObject({ server: 'mail', uri: 'n://1' });
});

test('whatever servers list, every exposed URI names the server and the URI that it came from', () => {
  const uris = fc.array(fc.constantFrom('a://1', 'a://2', 'b://{+x}', 'mcp-gateway+files:a://1', 'mcp-gateway+x:y'), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(uris, uris, uris, (files, mail, notes) => {
      const catalog = catalogOf({
        files: { resources: files },
        mail: { resources: mail },
        notes: { resources: notes },
      });
      for (const { exposedUri, server, uri } of catalog.resources) {
        expect(catalog.claim(exposedUri)).toMatchObject({ kind: 'one', server, uri });
      }
    }),
  );
});

test('G-43 what is not what it seems is in no list, and is told of', () => {
  const bidi = 'a://\u202egpj';
  const lists: readonly ResourceLists[] = [
    {
      server: 'files' as ServerId,
      resources: [
        { uri: 'a://1', name: 'Bаsh' },
        { uri: bidi, name: 'x' },
        { uri: 'a://2', name: 'plain', title: 'a\u200bb' },
        { uri: 'a://3', name: 'plain' },
      ],
      templates: [{ uriTemplate: 'a://{\u{e0041}}', name: 'x' }],
    },
  ];
  const catalog = buildResourceCatalog(lists);
  expect(catalog.resources.map(({ uri }) => uri)).toEqual(['a://3']);
  expect(catalog.templates).toEqual([]);
  expect(catalog.hidden.map(({ uri, why }) => [uri, why])).toEqual([
    ['a://1', 'its name mixes letters of scripts that look alike'],
    [bidi, 'its address has characters that cannot be seen'],
    ['a://2', 'its name has characters that cannot be seen'],
    ['a://{\u{e0041}}', 'its address has characters that cannot be seen'],
  ]);
});

function catalogOf(servers: Readonly<Record<string, Offered>>): ResourceCatalog {
  const lists: readonly ResourceLists[] = Object.entries(servers).map(([id, { resources = [], templates = [] }]) => ({
    server: id as ServerId,
    resources: resources.map((uri): JsonObject => ({ uri, name: uri })),
    templates: templates.map((uriTemplate): JsonObject => ({ uriTemplate, name: uriTemplate })),
  }));
  return buildResourceCatalog(lists);
}
