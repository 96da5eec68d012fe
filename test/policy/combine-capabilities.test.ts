import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapabilityKind, Opinion } from '../../src/core/opinion.ts';
import { combine } from '../../src/policy/combine.ts';
import { capabilitiesOf, kindsExceeded } from '../../src/policy/combine-capabilities.ts';
import { anOpinion, aVerdict, someFacts } from './decision-makers.ts';

const identity = (kind: CapabilityKind, ...values: readonly string[]) =>
  anOpinion({ layer: 'identity', capabilities: values.map((value) => ({ id: 'C', kind, value, mode: 'enforce' })) });

const GRANTS = [
  anOpinion({ layer: 'server', allow: [aVerdict('S-1')] }),
  anOpinion({ layer: 'resource', allow: [aVerdict('R-1')] }),
];

const part = fc.constantFrom('a', 'b', '*');
const tools = fc.array(
  fc.tuple(part, fc.constantFrom('x', 'y', 'y/z', '*')).map((parts) => parts.join('/')),
  { minLength: 1, maxLength: 4 },
);

describe('capabilities', () => {
  it('of several bundles reach exactly what each of them reaches', () => {
    fc.assert(
      fc.property(
        tools,
        tools,
        tools,
        fc.constantFrom('a', 'b', 'c'),
        fc.constantFrom('x', 'y', 'y/z', 'w'),
        (...drawn) => {
          const [one, two, three, server, tool] = drawn;
          const reaches = (...lists: readonly (readonly string[])[]) =>
            kindsExceeded(capabilitiesOf(lists.map((list) => identity('tool', ...list))), server, tool).length === 0;
          expect(reaches(one, two, three)).toBe(reaches(one) && reaches(two) && reaches(three));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('do not depend on the order of the bundles', () => {
    fc.assert(
      fc.property(tools, tools, (one, two) => {
        const bundles = [identity('tool', ...one), identity('tool', ...two)];
        expect(capabilitiesOf(bundles)).toEqual(capabilitiesOf(bundles.toReversed()));
      }),
    );
  });

  it('of an agent are at most those of everybody on whose behalf it asks', () => {
    const opinionOf = fc.record({
      capabilities: fc.option(tools, { nil: [] }).map((values) => identity('tool', ...values).capabilities),
      deny: fc.constantFrom([], [], [], [aVerdict('ID-1')]),
      status: fc.constantFrom('ok' as const, 'ok' as const, 'ok' as const, 'timeout' as const),
      mode: fc.constantFrom('enforce' as const, 'enforce' as const, 'shadow' as const),
    });
    const ofOne = fc.array(opinionOf, { maxLength: 2 });
    const asked = (own: readonly Partial<Opinion>[], agent?: string) =>
      own.map((part) => anOpinion({ layer: 'identity', ...part, ...(agent === undefined ? {} : { agent }) }));
    const isAllowed = (layers: readonly Opinion[], tool: string) =>
      combine({ ...someFacts([...layers, ...GRANTS]), server: 'a', tool }).effect === 'allow';
    fc.assert(
      fc.property(fc.tuple(ofOne, ofOne, ofOne), fc.constantFrom('x', 'y', 'w'), ([worker, lead, boss], tool) => {
        const all = [...asked(worker), ...asked(lead, 'lead'), ...asked(boss, 'boss')];
        const each = [asked(worker), asked(lead), asked(boss)];
        expect(isAllowed(all, tool)).toBe(each.every((layers) => isAllowed(layers, tool)));
      }),
      { numRuns: 2000 },
    );
  });

  it('of one bundle are what it emits, sorted and once', () => {
    expect(capabilitiesOf([identity('scope', 'write', 'read', 'write')])).toEqual({ scope: ['read', 'write'] });
  });

  it('that have nothing in common are an empty list, which is not the same as none', () => {
    expect(capabilitiesOf([identity('server', 'a'), identity('server', 'b')])).toEqual({ server: [] });
    expect(capabilitiesOf([identity('server', 'a'), identity('scope', 'read')])).toEqual({
      server: ['a'],
      scope: ['read'],
    });
  });

  it('cross where one names the server and the other the tool', () => {
    expect(capabilitiesOf([identity('tool', 'a/*'), identity('tool', '*/x')])).toEqual({ tool: ['a/x'] });
  });

  it('in shadow do not count', () => {
    const bundle = anOpinion({
      layer: 'identity',
      capabilities: [
        { id: 'C', kind: 'server', value: 'a', mode: 'enforce' },
        { id: 'C', kind: 'server', value: 'b', mode: 'shadow' },
      ],
    });
    expect(capabilitiesOf([bundle])).toEqual({ server: ['a'] });
  });

  it('of a bundle that failed or is shadowed do not count', () => {
    const failed = { ...identity('server', 'a'), status: 'error' as const };
    const shadowed = { ...identity('server', 'b'), mode: 'shadow' as const };
    expect(capabilitiesOf([failed, shadowed])).toEqual({});
  });
});
