import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTION_PHASES, type ActionType } from '../../src/core/action.ts';
import { governs, inScope, matchesGlob } from '../../src/policy/scope.ts';

const ALL = { servers: ['*'], agents: ['*'], tools: ['*'] };
const QUESTION = { server: 'code-host', agent: 'helper', tool: 'merge_pull_request' };

describe('a scope', () => {
  it.each([
    ['all', {}, true],
    ['its server', { servers: ['payments', 'code-host'] }, true],
    ['another server', { servers: ['payments'] }, false],
    ['agents by glob', { agents: ['help*'] }, true],
    ['another agent', { agents: ['?elp'] }, false],
    ['tools by glob', { tools: ['*_pull_*'] }, true],
    ['tools under their prefixed name', { tools: ['code-host__*'] }, false],
    ['nothing', { tools: [] }, false],
  ])('of %s', (_what, scope, expected) => {
    expect(inScope({ ...ALL, ...scope }, QUESTION)).toBe(expected);
  });

  it('of all tools has the actions without a tool, a scope of some has not', () => {
    expect(inScope(ALL, { ...QUESTION, tool: '' })).toBe(true);
    expect(inScope({ ...ALL, tools: ['m*'] }, { ...QUESTION, tool: '' })).toBe(false);
  });
});

describe('a glob', () => {
  it('matches as the regular expression of the same meaning', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '['), maxLength: 8 });
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '.', '[', '*', '?'), maxLength: 6 });
    fc.assert(
      fc.property(glob, text, (pattern, value) => {
        const source = pattern.replaceAll(/[.[]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesGlob(pattern, value)).toBe(new RegExp(`^${source}$`).test(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('of many stars ends soon', () => {
    expect(matchesGlob('*a'.repeat(50), `${'a'.repeat(20_000)}b`)).toBe(false);
  });
});

describe('what a bundle governs', () => {
  const governed = (...facts: Parameters<typeof governs> extends [infer L, infer D, unknown] ? [L, D] : never) =>
    (Object.keys(ACTION_PHASES) as ActionType[]).filter((action) => governs(...facts, action));

  it('is calls of tools and their list, for a server', () => {
    expect(governed('server', undefined)).toEqual(['tool_call', 'tool_list']);
  });

  it('is every request, what servers ask for, and the lists, for all other layers', () => {
    expect(governed('compliance', undefined)).toEqual([
      'tool_call',
      'resource_read',
      'prompt_get',
      'completion',
      'subscribe',
      'sampling',
      'elicitation',
      'roots',
      'tool_list',
      'resource_list',
      'prompt_list',
    ]);
  });

  it('is what the manifest names, and the lists of that', () => {
    expect(governed('server', ['tool_result', 'resource_read'])).toEqual([
      'resource_read',
      'tool_result',
      'resource_list',
    ]);
    expect(governed('workflow', ['tool_call'])).toEqual(['tool_call', 'tool_list']);
  });
});
