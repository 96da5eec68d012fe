import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectionTo, reads } from '../../src/policy/projection.ts';

const INPUT = { agent: { id: 'a', scope: 's' }, action: { tool: 't', args: { path: '/x' } }, budgets: {} };

describe('a projection', () => {
  it.each([
    ['the whole input', [''], INPUT],
    ['nothing', [], {}],
    ['one member', ['agent.id'], { agent: { id: 'a' } }],
    ['a branch, and a twig of it', ['action', 'action.tool'], { action: INPUT.action }],
    ['a twig, and its branch', ['action.tool', 'action'], { action: INPUT.action }],
    ['two of one object', ['agent.scope', 'agent.id'], { agent: { id: 'a', scope: 's' } }],
    ['what is not there', ['agent.nobody', 'nothing.at.all'], { agent: {} }],
    ['below what is no object', ['agent.id.deeper'], { agent: { id: 'a' } }],
    ['what every object inherits', ['agent.toString', 'constructor'], { agent: {} }],
  ])('to %s keeps no more and no less', (_name, paths, expected) => {
    expect(projectionTo(paths)(INPUT)).toEqual(expected);
  });

  it('keeps what stands at every path that is read', () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
    const document = fc.object({ key: fc.constantFrom('a', 'b', 'c'), maxDepth: 3 });
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 4 }), document, (paths, input) => {
        const projected = projectionTo(paths.map((names) => names.join('.')))(input);
        for (const names of paths) expect(at(projected, names)).toEqual(at(input, names));
      }),
    );
  });
});

function at(value: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>((found, name) => (Object(found) === found ? Object(found)[name] : undefined), value);
}

describe('rules that read some paths', () => {
  it.each([
    [['agent.id'], 'agent', true],
    [['agent'], 'agent.id', true],
    [['agent.id'], 'agent.identity', false],
    [[''], 'budgets', true],
    [[], 'budgets', false],
  ])('%j see %s: %s', (paths, place, seen) => {
    expect(reads(paths, place)).toBe(seen);
  });
});
