import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/catalog/glob.ts';

describe('a glob', () => {
  it.each([
    ['*', '', true],
    ['read_*', 'read_file', true],
    ['read_*', 'write_file', false],
    ['*_file', 'read_file_file', true],
    ['a*b*c', 'a--b--b--c', true],
    ['a*b*c', 'a--b--b--', false],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a.c', 'abc', false],
    ['', '', true],
    ['', 'a', false],
  ])('%j and %j: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it('matches what the same pattern as a regular expression matches', () => {
    const letters = { unit: fc.constantFrom('a', 'b', '*', '?') };
    fc.assert(
      fc.property(fc.string(letters), fc.string({ unit: fc.constantFrom('a', 'b') }), (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`);
        expect(matchesGlob(pattern, text)).toBe(expression.test(text));
      }),
    );
  });
});
