import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLinearPattern } from '../../src/catalog/linear-pattern.ts';
import { scanSchema } from '../../src/catalog/schema-scan.ts';
import { secretPointers } from '../../src/catalog/secret-pointers.ts';
import { validateAgainst } from '../../src/catalog/validate-against.ts';

describe('a pattern', () => {
  it.each([
    '^[a-z0-9]+$',
    '^\\d{4}-\\d{2}-\\d{2}$',
    '^[A-Z][A-Z0-9_]+$',
    '^abc',
    '^[a-zA-Z0-9][a-zA-Z0-9._-]*$',
    '^a?b{1,64}$',
    '^[a-z]{1,60}[0-9]{60}$',
    '^',
  ])('%s is linear', (pattern) => {
    expect(isLinearPattern(pattern)).toBe(true);
  });

  it.each([
    'a+$',
    '^(a+)+$',
    '^a*a*$',
    '^(a|b)*$',
    '^.*x.*$',
    '^a{0,100}a{0,100}$',
    '^a{2,}b{3,}$',
    '^a*a{1000}b$',
    '^a*a{0,20}b$',
    `^a*${'a'.repeat(100)}b$`,
    '^a{2,}{3}$',
    '^\\1',
    '^[',
    '^a**',
    '^[a-z',
    '^(?=a)b',
    '^\\p{L}+$',
  ])('%s may not be', (pattern) => {
    expect(isLinearPattern(pattern)).toBe(false);
  });

  it('that is linear is a regular expression', () => {
    const piece = fc.constantFrom(
      '^',
      'a',
      '[a-z]',
      '\\d',
      '+',
      '*',
      '{2}',
      '{1,3}',
      '?',
      '$',
      '[',
      '(',
      '|',
      '.',
      '\\',
    );
    const linear = fc
      .array(piece, { maxLength: 8 })
      .map((pieces) => `^${pieces.join('')}`)
      .filter(isLinearPattern);
    fc.assert(
      fc.property(linear, (pattern) => {
        expect(() => new RegExp(pattern, 'u')).not.toThrow();
      }),
    );
  });
});

describe('a schema', () => {
  it('G-47 that unfolds into a huge one is costly, however small it is written', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 15 }, (_, level) => [
        `l${level}`,
        { allOf: [{ $ref: `#/$defs/l${level + 1}` }, { $ref: `#/$defs/l${level + 1}` }] },
      ]),
    );
    expect(scanSchema({ type: 'object', $ref: '#/$defs/l0', $defs: { ...$defs, l15: {} } }).kind).toBe('costly');
  });

  it('that refers to itself in parts is plain as long as it ends', () => {
    expect(
      scanSchema({
        type: 'object',
        properties: { a: { $ref: '#/$defs/a%20b~1c' } },
        $defs: { 'a b/c': { type: 'string' } },
      }).kind,
    ).toBe('plain');
    expect(scanSchema({ type: 'object', properties: { a: { $ref: '#' } } }).kind).toBe('costly');
  });
});

describe('secrets announced by a schema', () => {
  it('are found wherever arguments can have them', () => {
    const secret = { type: 'string', format: 'password' };
    const schema = {
      type: 'object',
      properties: {
        password: secret,
        'a/b': { properties: { key: { writeOnly: true } } },
        users: { type: 'array', items: { $ref: '#/$defs/user' } },
        headers: { additionalProperties: secret },
        pair: { prefixItems: [{}, secret] },
        either: { anyOf: [{ properties: { token: secret } }, { type: 'null' }] },
        format: { type: 'string', enum: ['password'] },
      },
      $defs: { user: { properties: { pin: secret, friend: { $ref: '#/$defs/user' } } } },
    };
    const pointers = secretPointers(schema);
    expect(pointers).toEqual(
      expect.arrayContaining([
        '/password',
        '/a~1b/key',
        '/users/*/pin',
        '/users/*/friend/pin',
        '/headers/*',
        '/pair/1',
        '/either/token',
      ]),
    );
    expect(pointers).not.toContain('/format');
  });

  it('do not make a schema that unfolds for ever run for ever', () => {
    const node = {
      type: 'object',
      properties: { left: { $ref: '#' }, right: { $ref: '#' }, key: { writeOnly: true } },
    };
    expect(secretPointers(node)).toContain('/left/right/key');
  });
});

describe('configuration of a bundle', () => {
  const schema = {
    type: 'object',
    properties: { branches: { type: 'array', items: { type: 'string' } }, limit: { type: 'integer', maximum: 100 } },
    additionalProperties: false,
  };

  it.each([
    [{ branches: ['main'], limit: 5 }, []],
    [{ branches: 'main' }, ['/branches: expected array']],
    [{ limit: 1000, x: 1 }, ['/limit: expected at most 100', '/x: expected nothing, there is no such argument']],
    [[], ['the whole: expected object']],
  ])('%j: %j', (value, expected) => {
    expect([...validateAgainst(schema, value)].toSorted()).toEqual(expected);
  });

  it.each([
    [{ properties: { a: { pattern: '^(a+)+$' } } }, /patterns must be anchored and simple/],
    [{ properties: { a: { $ref: 'https://example.com/x' } } }, /refers to another document/],
    [{ type: 'nothing' }, /is not a JSON Schema/],
  ])('is refused where its schema is %j', (unfit, complaint) => {
    expect(validateAgainst(unfit, {}).join()).toMatch(complaint);
  });
});
