import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bound, Sealer } from '../../src/gateway/seal.ts';

const BOUND: Bound = { principal: 'ada', binding: 'abc' };
const CONTENT = { kind: 'relayed', round: 3, state: 'of the server', nested: { list: [1, 'é', null] } };
const UNTIL = 10_000;

test('what was sealed is opened as it was', () => {
  const { sealer } = aSealer();
  expect(sealer.open(sealer.seal(CONTENT, BOUND, UNTIL), BOUND)).toEqual(CONTENT);
});

test.for([
  { name: 'another principal', bound: { ...BOUND, principal: 'ben' } },
  { name: 'another request', bound: { ...BOUND, binding: 'abd' } },
  { name: 'principal and request run together elsewhere', bound: { principal: 'adaa', binding: 'bc' } },
])('$name cannot open it', ({ bound }) => {
  const { sealer } = aSealer();
  expect(sealer.open(sealer.seal(CONTENT, BOUND, UNTIL), bound)).toBeUndefined();
});

test('it opens until its time is over', () => {
  const { sealer, clock } = aSealer();
  const sealed = sealer.seal(CONTENT, BOUND, UNTIL);
  clock.nowMs = UNTIL - 1;
  expect(sealer.open(sealed, BOUND)).toEqual(CONTENT);
  clock.nowMs = UNTIL;
  expect(sealer.open(sealed, BOUND)).toBeUndefined();
});

test('no changed text opens, whatever is changed in it', () => {
  const { sealer } = aSealer();
  const sealed = sealer.seal(CONTENT, BOUND, UNTIL);
  fc.assert(
    fc.property(fc.nat(sealed.length), fc.string({ maxLength: 3 }), fc.nat(3), (at, text, cut) => {
      const changed = sealed.slice(0, at) + text + sealed.slice(at + cut);
      return changed === sealed || sealer.open(changed, BOUND) === undefined;
    }),
  );
  for (const appended of ['-TAMPERED', '=', ' ', '.', sealed])
    expect(sealer.open(sealed + appended, BOUND)).toBeUndefined();
});

test('any text at all is no reason to throw', () => {
  const { sealer } = aSealer();
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(sealer.open(text, BOUND)).toBeUndefined();
    }),
  );
});

test('a gateway on another store cannot open it, one on the same store can', () => {
  const sealed = aSealer('one').sealer.seal(CONTENT, BOUND, UNTIL);
  expect(aSealer('two').sealer.open(sealed, BOUND)).toBeUndefined();
  expect(aSealer('one').sealer.open(sealed, BOUND)).toEqual(CONTENT);
});

test('no text that a record can be made to show is part of the key', () => {
  const hashed: string[] = [];
  const keyedHash = (text: string): string => {
    hashed.push(text);
    return text;
  };
  expect(new Sealer({ keyedHash, clock: { now: () => 0, monotonic: () => 0 } })).toBeDefined();
  // Records show the hashes of JSON texts alone.
  for (const text of hashed) expect(() => JSON.parse(text)).toThrow('JSON');
  expect(new Set(hashed).size).toBe(8);
});

function aSealer(secret = 'one'): { readonly sealer: Sealer; readonly clock: { nowMs: number } } {
  const clock = { nowMs: 0 };
  const keyedHash = (text: string): string => `hmac:${secret}:${text}`;
  return { clock, sealer: new Sealer({ keyedHash, clock: { now: () => clock.nowMs, monotonic: () => 0 } }) };
}
