import { expect, test } from 'vitest';
import { consentOf, pinOf, pinReader, type PinState, type ServerPins } from '../../src/catalog/pins.ts';
import type { JsonObject } from '../../src/core/json.ts';

const READ: JsonObject & { readonly name: string } = {
  name: 'read',
  description: 'Reads a file',
  inputSchema: { type: 'object', properties: { path: { type: ['string', 'null'] } }, required: ['path', 'mode'] },
  annotations: { readOnlyHint: true },
};

function aPins(part: Partial<ServerPins> = {}): ServerPins {
  return { tools: new Map([['read', pinOf(READ)]]), drift: '', text: 'warn', ...part };
}

function stateOf(definition: typeof READ, pins: ServerPins | undefined = aPins()): PinState {
  const { name } = definition;
  return pinReader(pins, [name])(name, pinOf(definition));
}

test.for<[string, typeof READ, PinState]>([
  ['the same', READ, { kind: 'accepted', isTextChanged: false }],
  [
    'sets in another order',
    {
      ...READ,
      inputSchema: { required: ['mode', 'path'], properties: { path: { type: ['null', 'string'] } }, type: 'object' },
    },
    { kind: 'accepted', isTextChanged: false },
  ],
  ['another description', { ...READ, description: 'Sends a file' }, { kind: 'accepted', isTextChanged: true }],
  ['another title', { ...READ, title: 'Read' }, { kind: 'accepted', isTextChanged: true }],
  ['a hint that flips', { ...READ, annotations: { readOnlyHint: false } }, { kind: 'changed', why: 'contract' }],
  ['no hints any more', { name: 'read', inputSchema: READ['inputSchema'] ?? {} }, { kind: 'changed', why: 'contract' }],
  [
    'a parameter more',
    { ...READ, inputSchema: { type: 'object', properties: { path: {}, secret: {} }, required: ['path', 'mode'] } },
    { kind: 'changed', why: 'contract' },
  ],
  ['another name, while the old one is gone', { ...READ, name: 'fetch' }, { kind: 'changed', why: 'renamed' }],
  ['another tool', { name: 'send', inputSchema: { type: 'object' } }, { kind: 'new' }],
])('%s: so it stands', ([, definition, expected]) => {
  expect(stateOf(definition)).toEqual(expected);
});

test('a tool that is like another one that is still there is new, not renamed', () => {
  expect(pinReader(aPins(), ['read', 'fetch'])('fetch', pinOf(READ))).toEqual({ kind: 'new' });
});

test('where texts are to quarantine, another description is a change', () => {
  const pins = aPins({ text: 'quarantine' });
  expect(stateOf({ ...READ, description: 'Sends' }, pins)).toEqual({ kind: 'changed', why: 'text' });
  expect(stateOf(READ, pins)).toEqual({ kind: 'accepted', isTextChanged: false });
});

test('where the server itself is another, so is every tool of it', () => {
  expect(stateOf(READ, aPins({ drift: 'package' }))).toEqual({ kind: 'changed', why: 'package' });
});

test('without pins nobody has accepted anything, and policy is told that it is new', () => {
  const state = pinReader(undefined, ['read'])('read', pinOf(READ));
  expect([state, consentOf(state)]).toEqual([{ kind: 'unpinned' }, 'new']);
  expect(consentOf(stateOf(READ))).toBe('accepted');
});
