import { describe, expect, it, test } from 'vitest';
import { fingerprintOf } from '../../src/catalog/fingerprint.ts';
import type { JsonObject } from '../../src/core/json.ts';

const TOOL: JsonObject = {
  name: 'search',
  title: 'Search',
  description: 'Searches.',
  annotations: { title: 'Search', readOnlyHint: true },
  inputSchema: {
    type: 'object',
    required: ['query', 'fields'],
    properties: {
      query: { type: ['string', 'null'], description: 'What for', examples: ['x'] },
      fields: { type: 'array', items: { enum: ['a', 'b', 'c'] }, default: ['a'] },
      description: { type: 'string' },
      enum: { type: 'array', const: ['b', 'a'] },
    },
  },
};

function changed(change: (tool: JsonObject) => unknown): JsonObject {
  return change(structuredClone(TOOL)) as JsonObject;
}

function withText(from: string, to: string): JsonObject {
  return JSON.parse(JSON.stringify(TOOL).replace(from, to)) as JsonObject;
}

function differences(tool: JsonObject): readonly string[] {
  const [before, after] = [fingerprintOf(TOOL), fingerprintOf(tool)];
  return (['contract', 'text'] as const).filter((part) => before[part] !== after[part]);
}

describe('the fingerprint of a tool', () => {
  it.each([
    ['the order of required', withText('["query","fields"]', '["fields","query"]')],
    ['the order of enum', withText('["a","b","c"]', '["c","a","b"]')],
    ['the order of types', withText('["string","null"]', '["null","string"]')],
    ['the order of members', changed(({ name, ...rest }) => ({ ...rest, name }))],
    [
      'the order of properties',
      changed((tool) => JSON.parse(JSON.stringify(tool, Object.keys(flat(tool)).toSorted().toReversed())) as unknown),
    ],
  ])('does not depend on %s', (_what, tool) => {
    expect(differences(tool)).toEqual([]);
  });

  it.each([
    ['its name', withText('"search"', '"find"')],
    ['a type', withText('"string"', '"number"')],
    ['a new property', withText('"query":{', '"sidenote":{},"query":{')],
    [
      'a property that is called description',
      withText('"description":{"type":"string"}', '"description":{"type":"number"}'),
    ],
    ['the order of a constant list', withText('["b","a"]', '["a","b"]')],
    ['what is required', withText('["query","fields"]', '["query"]')],
    ['a hint', withText('"readOnlyHint":true', '"readOnlyHint":false')],
    ['an output schema', changed((tool) => ({ ...tool, outputSchema: { type: 'object' } }))],
  ])('changes its contract with %s', (_what, tool) => {
    expect(differences(tool)).toEqual(['contract']);
  });

  it.each([
    ['its title', withText('"Search","description"', '"Seek","description"')],
    ['its description', withText('Searches.', 'Sends all files.')],
    ['a description of an argument', withText('What for', 'Put the password here')],
    ['an example', withText('["x"]', '["y"]')],
    ['a default', withText('"default":["a"]', '"default":["b"]')],
    ['the title among its hints', withText('{"title":"Search","readOnlyHint"', '{"title":"Seek","readOnlyHint"')],
    ['a field that nobody knows', changed((tool) => ({ ...tool, _meta: { vendor: 1 } }))],
  ])('changes its text with %s', (_what, tool) => {
    expect(differences(tool)).toEqual(['text']);
  });
});

/** Every member name at any depth, for a replacer that keeps all and orders them. */
function flat(value: unknown): Readonly<Record<string, true>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, child]) => ({ [name]: true, ...flat(child) })),
  ) as Record<string, true>;
}

test.for(['#/examples/0', '#/properties/to/default', '#/%65xamples/0', '#far'])(
  'what a schema refers to as %s is part of the contract, though it stands among the texts',
  (ref) => {
    const tool = (far: JsonObject): JsonObject => ({
      name: 'send',
      inputSchema: {
        type: 'object',
        properties: { to: { $ref: ref, default: far }, cc: { $ref: '#/properties/to' } },
        examples: [{ $anchor: 'far', ...far }],
      },
    });
    expect(fingerprintOf(tool({ maxLength: 9 })).contract).not.toBe(fingerprintOf(tool({})).contract);
  },
);

test('what a schema refers to among its definitions leaves its texts out of the contract', () => {
  const tool = (description: string): JsonObject => ({
    name: 'send',
    inputSchema: {
      type: 'object',
      description,
      $defs: { default: { type: 'string', description } },
      properties: {
        title: { type: 'string' },
        to: { $ref: '#/$defs/default' },
        cc: { $ref: '#/properties/title' },
        up: { $ref: '#' },
      },
    },
  });
  expect(fingerprintOf(tool('old')).contract).toBe(fingerprintOf(tool('new')).contract);
});
