import { describe, expect, it } from 'vitest';
import { annotationsOf, effectOf } from '../../src/catalog/effect.ts';

describe('the effect of a tool', () => {
  it.each([
    [undefined, 'unknown'],
    [{}, 'unknown'],
    [{ title: 'Read' }, 'unknown'],
    [{ readOnlyHint: 'yes' }, 'unknown'],
    [{ readOnlyHint: true }, 'read'],
    [{ readOnlyHint: true, destructiveHint: false }, 'read'],
    [{ readOnlyHint: true, destructiveHint: true }, 'destroy'],
    [{ readOnlyHint: false }, 'destroy'],
    [{ readOnlyHint: false, destructiveHint: false }, 'write'],
    [{ destructiveHint: false }, 'write'],
    [{ destructiveHint: true }, 'destroy'],
    [{ openWorldHint: false }, 'destroy'],
    [{ idempotentHint: true }, 'destroy'],
  ])('with the annotations %j is %s', (annotations, effect) => {
    expect(effectOf('tool', annotations === undefined ? { name: 'tool' } : { name: 'tool', annotations })).toBe(effect);
  });

  it('is what the bundle says, whatever the server hints', () => {
    const definition = { name: 'aggregate', annotations: { readOnlyHint: true } };
    expect(effectOf('aggregate', definition, { aggregate: { effect: 'destroy' } })).toBe('destroy');
    expect(effectOf('aggregate', definition, { aggregate: {}, other: { effect: 'write' } })).toBe('read');
    expect(effectOf('toString', { name: 'toString' }, {})).toBe('unknown');
  });

  it('is not disturbed by annotations that are none', () => {
    expect(annotationsOf({ name: 'tool', annotations: ['readOnlyHint'] })).toEqual({});
  });
});
