import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withEntry, withoutEntry } from '../../src/clients/edit.ts';
import { allPlaces, type ClientPlace, stateOfText } from '../../src/clients/find.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { ownEntry } from '../../src/clients/own-entry.ts';
import { CLIENTS, clientOf, COMMON } from '../../src/clients/table.ts';
import { aMachine, FIXTURES } from './home.ts';

const machine = aMachine();

function placeOf(id: string): ClientPlace {
  const client = clientOf(id);
  const place = client === undefined ? undefined : allPlaces(client, machine)[0];
  if (place === undefined) throw new Error(id);
  return place;
}

const LAUNCH = { command: '/usr/bin/node', args: ['/opt/mcp-gateway/dist/main.js', 'serve', '--stdio'], env: {} };
const ENTRY = ownEntry(COMMON, LAUNCH);

/** What is left of a text after our entry was added and taken out again, as JSON, which shows every blank. */
function roundTrip(text: string, place: ClientPlace): string {
  const { text: connected, made } = withEntry(text, place, {
    name: 'gw',
    entry: ownEntry(place.client.dialect, LAUNCH),
  });
  expect(stateOfText(connected, place, machine)).toMatchObject({ kind: 'read', ownNames: ['gw'] });
  const restored = withoutEntry(connected, place, { name: 'gw', made });
  return JSON.stringify(restored);
}

describe.for(Object.entries(FIXTURES))('%s', ([id, [name]]) => {
  const text = readFileSync(`fixtures/clients/${name}`, 'utf8');
  const variants = {
    'as it is': text,
    'with a mark': `\u{feff}${text.replace(/^\u{feff}/u, '')}`,
    'with other ends of lines': text.replaceAll(/\r?\n/g, '\r\n'),
    'without a last end': text.trimEnd(),
    'with blank lines at the end': `${text}\n\n`,
  };
  test.for(Object.entries(variants))('adding and taking out leaves every byte, %s', ([, variant]) => {
    expect(roundTrip(variant, placeOf(id))).toBe(JSON.stringify(variant));
  });

  test('adding changes nothing but one piece', () => {
    const { text: connected } = withEntry(text, placeOf(id), { name: 'gw', entry: ENTRY });
    const start = text.split('').findIndex((unit, index) => connected[index] !== unit);
    const from = start === -1 ? text.length : start;
    const length = connected.length - text.length;
    expect(connected.slice(0, from) + connected.slice(from + length)).toBe(text);
  });

  test('every other server is taken out alone, too', () => {
    const place = placeOf(id);
    const state = stateOfText(text, place, machine);
    if (state.kind !== 'read') throw new Error(id);
    for (const server of state.servers) {
      const left = stateOfText(withoutEntry(text, place, { name: server.name, made: 0 }), place, machine);
      expect(left).toMatchObject({ kind: 'read', servers: state.servers.filter((one) => one !== server) });
    }
  });
});

const JSON_CASES = [
  '',
  '\n',
  '{}',
  '{ }',
  '{\n}',
  '{\r\n}\r\n',
  '// nothing yet\n',
  '{ // nothing yet\n}',
  '{ /* nothing\n yet */ }',
  '{"mcpServers":{}}',
  '{"mcpServers":{\n}}',
  '{\n  "mcpServers": {}\n}\n',
  '{\n  "mcpServers": {\n  }\n}\n',
  '{"mcpServers":{"a":{"command":"x"}}}',
  '{ "mcpServers": { "a": {"command":"x"}, } }',
  '{"other":1}',
  '{\n\t"other": 1, // one\n}',
  '{"mcpServers":\n{"a":{"command":"x"}\n}}',
  '{ // first\n  "mcpServers": { // second\n    // third\n    "a": {"command": "x"} // fourth\n    // fifth\n  } // sixth\n}',
  '{\n\n\n"mcpServers" : {\n\n"a" : { "command" : "x" }\n\n}\n\n}',
  '{"mcpServers":{"__proto__":{"command":"x"}}}',
];

test.for(JSON_CASES)('JSON of any form comes back as it was: %j', (text) => {
  expect(roundTrip(text, placeOf('cursor'))).toBe(JSON.stringify(text));
});

const TOML_CASES = [
  '',
  'a = 1',
  'a = 1\n',
  'a = 1\r\n\r\n',
  '# only a comment',
  '[mcp_servers]\n',
  'text = """\n[mcp_servers.gw]\ncommand = "no"\n"""\n',
  "text = '''\n]'''\nlist = [ # one [\n  '[', # two\n]\n",
  '[[list]]\na = 1\n[[list]]\na = 2\n',
  'mcp_servers.a.command = "x"\n',
  '"quoted key" = { a = { b = "}" } }',
];

test.for(TOML_CASES)('TOML of any form comes back as it was: %j', (text) => {
  expect(roundTrip(text, placeOf('codex'))).toBe(JSON.stringify(text));
});

const YAML_CASES = [
  '',
  '# only a comment\n',
  'a: 1',
  'a: 1\n',
  '---\na: 1\n',
  'mcpServers: []\n',
  'mcpServers: [ ] # none\na: 1\n',
  'mcpServers: [{ name: a, command: x }]\n',
  'mcpServers:\n- name: a\n  command: x\n',
  'mcpServers: # mine\n\n    # first\n    - command: x\n      name: a\n\n    - name: b\n      command: y',
];

test.for(YAML_CASES)('YAML of any form comes back as it was: %j', (text) => {
  expect(roundTrip(text, placeOf('continue'))).toBe(JSON.stringify(text));
});

test.for([
  ['goose', 'extensions: {}\n'],
  ['goose', 'extensions: { a: { cmd: x, type: stdio } }\n'],
  ['goose', 'extensions:\n  "a b":\n    cmd: x\n'],
])('YAML with names as keys comes back as it was: %s %j', ([id = '', text = '']) => {
  const entry = { cmd: LAUNCH.command, args: LAUNCH.args };
  const { text: connected, made } = withEntry(text, placeOf(id), { name: 'gw', entry });
  expect(stateOfText(connected, placeOf(id), machine)).toMatchObject({ ownNames: ['gw'] });
  expect(withoutEntry(connected, placeOf(id), { name: 'gw', made })).toBe(text);
});

test.for([
  ['cursor', '{"mcpServers": null}', 'mcpServers has another shape'],
  ['cursor', '[]', 'has another shape'],
  ['codex', 'mcp_servers = { a = { command = "x" } }\n', 'could not be read afterwards'],
  ['continue', 'mcpServers: none\n', 'mcpServers has another shape'],
  ['continue', '{ a: 1 }\n', 'has another shape'],
  ['continue', 'a: 1\n---\nb: 2\n', 'could not be read'],
  ['continue', 'a: |+\n  text\n', 'something else in it would change'],
])('what cannot be added to is left alone: %s %j', ([id = '', text = '', words = '']) => {
  expect(() => withEntry(text, placeOf(id), { name: 'gw', entry: ENTRY })).toThrow(words);
});

test('what a client has written anew is taken out, too', () => {
  const others = { a: { command: 'x' }, b: { command: 'y' } };
  for (const indent of [undefined, 2, '\t']) {
    for (const servers of [
      { gw: ENTRY },
      { gw: ENTRY, ...others },
      { ...others, gw: ENTRY },
      { a: 1, gw: ENTRY, b: 2 },
    ]) {
      const { gw: _, ...left } = servers;
      const written = JSON.stringify({ mcpServers: servers, x: 1 }, null, indent);
      const without = withoutEntry(written, placeOf('cursor'), { name: 'gw', made: 0 });
      expect(without).toBe(JSON.stringify({ mcpServers: left, x: 1 }, null, indent));
    }
  }
  const twice = '{"mcpServers":{"gw":{"command":"x"},"gw":{"command":"y"}}}';
  expect(withoutEntry(twice, placeOf('cursor'), { name: 'gw', made: 0 })).toBe('{"mcpServers":{}}');
  const inside = '[mcp_servers]\ngw.command = "x"\na = { command = "y" }\n\n[mcp_servers.gw.env]\nA = "1"\n# end\n';
  const left = withoutEntry(inside, placeOf('codex'), { name: 'gw', made: 0 });
  expect(left).toBe('[mcp_servers]\na = { command = "y" }\n# end\n');
});

test('any JSON with any blanks and comments comes back as it was', () => {
  const blank = fc.constantFrom(
    '',
    ' ',
    '\n',
    '\n\t',
    '\r\n',
    ' // note\n',
    '/* note */',
    '\n  // "gw": {}\n  ',
    '\n\n',
  );
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 }),
    ),
  }));
  const servers = fc.dictionary(
    fc.string().filter((name) => name !== 'gw'),
    fc.constant({ command: 'x' }),
    { maxKeys: 3 },
  );
  const root = fc.tuple(
    fc.dictionary(
      fc.string().filter((name) => name !== 'mcpServers'),
      value,
      { maxKeys: 3 },
    ),
    fc.option(servers),
  );
  fc.assert(
    fc.property(root, fc.infiniteStream(blank), ([others, known], blanks) => {
      const whole = known === null ? others : { ...others, mcpServers: known };
      const next = (): string => blanks.next().value as string;
      const text = spread(whole, next);
      expect(roundTrip(text, placeOf('cursor'))).toBe(JSON.stringify(text));
    }),
    { numRuns: 150 },
  );
});

const TOML_PIECES = [
  'a = 1',
  'b = "# [no] = header" # [c]',
  'c = [',
  '  "]", # one',
  ']',
  "d = '''",
  '[mcp_servers.gw]',
  "'''",
  '[mcp_servers]',
  '[mcp_servers.x]',
  'command = "x"',
  '[[list]]',
  '[mcp_servers.x.env]',
  '# note',
  '',
  '  ',
];

const YAML_PIECES = [
  'a: 1',
  'b: "mcpServers: []"',
  'mcpServers:',
  'mcpServers: # mine',
  '  - name: x',
  '    command: y',
  '- name: z',
  '  args: [a, {b: c}]',
  '# note',
  '  # note within',
  'c: |',
  '  mcpServers:',
  'd: &anchor { e: f }',
  '',
];

test.for([
  ['TOML', 'codex', TOML_PIECES],
  ['YAML', 'continue', YAML_PIECES],
] as const)('any %s that can be added to comes back as it was', ([, id, pieces]) => {
  const place = placeOf(id);
  const lines = fc.tuple(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), fc.constantFrom('\n', '\r\n'));
  const before = fc.tuple(lines, fc.boolean()).map(([[all, end], hasEnd]) => all.join(end) + (hasEnd ? end : ''));
  const sound = before.filter((text) => stateOfText(text, place, machine).kind === 'read');
  // A key without a value gets an empty one, which says the same.
  const plain = (text: string): string => text.replaceAll(/(mcpServers:) \[\]/g, '$1');
  fc.assert(
    fc.property(sound, (text) => {
      expect(plain(roundTripOrRefusal(text, place))).toBe(plain(JSON.stringify(text)));
    }),
    { numRuns: 150 },
  );
});

/** What cannot be added to is left as it is. */
function roundTripOrRefusal(text: string, place: ClientPlace): string {
  try {
    return roundTrip(text, place);
  } catch (thrown) {
    if (thrown instanceof GatewayError) return JSON.stringify(text);
    throw thrown;
  }
}

/** JSON with something before and behind every piece of it. */
function spread(value: unknown, blank: () => string): string {
  const list = (open: string, items: readonly string[], close: string): string =>
    `${open}${blank()}${items.map((item) => `${item}${blank()}`).join(`,${blank()}`)}${close}`;
  if (Array.isArray(value))
    return list(
      '[',
      value.map((one) => spread(one, blank)),
      ']',
    );
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, one]) => `${JSON.stringify(key)}${blank()}:${blank()}${spread(one, blank)}`,
  );
  return list('{', members, '}');
}

test('every client has a file in the fixtures', () => {
  expect(Object.keys(FIXTURES).toSorted()).toEqual(CLIENTS.map(({ id }) => id).toSorted());
});
