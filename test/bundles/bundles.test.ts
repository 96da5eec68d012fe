import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PolicyInput } from '../../src/core/policy-input.ts';
import type { BundleSource } from '../../src/core/rego.ts';
import { toolchain } from '../shared-toolchain.ts';
import { accepted, everyBundle } from './contract.ts';
import { readLibrary, readLibraryTests, SHIPPED } from './shipped.ts';

const library = readLibrary();

everyBundle(SHIPPED);

describe('the library', () => {
  const probe = (files: Readonly<Record<string, string>>): BundleSource => ({
    id: 'library',
    root: 'library',
    files,
    data: {},
  });

  test('G-51 passes its own tests, those of paths that lead out of a folder among them', async () => {
    const tested = accepted(await toolchain.test({ bundle: probe(readLibraryTests()), library }));
    expect(tested.tests.length).toBeGreaterThan(30);
    expect(tested.tests.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  });

  test('is formatted', async () => {
    const { changed, problems } = await toolchain.format({ ...library, ...readLibraryTests() });
    expect({ changed, problems }).toEqual({ changed: [], problems: [] });
  });

  test('gives tests an input that has every field of the policy input and no other', async () => {
    const rule = 'allow contains {"id": "A", "reason": "a", "total": data.gateway.v1.inputs.total} if input';
    const bundles = [probe({ 'probe.rego': `package library\n\n# METADATA\n# custom: {id: A}\n${rule}\n` })];
    const inputs = [{ input: {} }];
    const evaluated = accepted(await toolchain.evaluate({ bundles, library, entrypoint: 'library', inputs }));
    const Decision = z.object({ allow: z.tuple([z.object({ total: PolicyInput })]) });
    expect(Decision.safeParse(evaluated.results[0]?.value).error).toBeUndefined();
  });
});
