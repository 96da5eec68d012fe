import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { makeBundle, toSource, type Bundle } from '../../src/policy/bundle.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import type { InspectResult, Refused } from '../../src/rego/answers.ts';
import { toolchain } from '../shared-toolchain.ts';
import { inputSchema, readLibrary } from './shipped.ts';

const library = readLibrary();

/** What is asked of every bundle in the repository, as [id, folder]. */
export function everyBundle(bundles: readonly (readonly [id: string, folder: string])[]): void {
  // To inspect a bundle is to check it first.
  const inspectedOf = (bundle: Bundle): Promise<InspectResult> =>
    toolchain.inspect({ bundle: toSource(bundle), library, inputSchema: inputSchema() });

  describe.each(bundles)('bundle %s', (id, folder) => {
    const bundle: Promise<Bundle> = readBundle(folder).then((files) => makeBundle(id, files));

    test('keeps the contract of bundles', async () => {
      const inspected = await inspectedOf(await bundle);
      expect(inspected.kind === 'refused' ? inspected.problems : []).toEqual([]);
    });

    test('ships data that its own schema accepts', async () => {
      const { manifest, root, data } = await bundle;
      const schema = manifest.metadata.gateway.config ?? { type: 'object', maxProperties: 0 };
      const { config = {} } = z.object({ config: z.unknown().optional() }).parse(data[root]);
      const validate = new Ajv2020({ allErrors: true }).compile(schema);
      expect(validate(config) ? [] : validate.errors).toEqual([]);
    });

    test('passes its own tests, which make every rule come true and run every line', async () => {
      const tested = accepted(await toolchain.test({ bundle: toSource(await bundle), library }));
      expect(tested.tests.length).toBeGreaterThan(0);
      expect(tested.tests.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
      expect(tested.coverage.rules.filter(({ fired }) => !fired)).toEqual([]);
      expect(Object.entries(tested.coverage.files).filter(([, { notCovered }]) => notCovered.length > 0)).toEqual([]);
    });

    test('annotates exactly the rules that it has, each with a title, a denial with a way out', async () => {
      const { inspection } = accepted(await inspectedOf(await bundle));
      const { rules, annotations } = inspection;
      const annotated = annotations.filter((annotation) => annotation.id !== '');
      const emitted = rules.flatMap(({ ids }) => ids);
      expect(annotated.map((annotation) => annotation.id).toSorted()).toEqual([...new Set(emitted)].toSorted());
      expect(rules.filter((rule) => rule.hasUnknownId)).toEqual([]);
      expect(annotated.filter(({ title }) => title === '')).toEqual([]);
      const denials = new Set(rules.flatMap(({ ruleSet, ids }) => (ruleSet === 'deny' ? ids : [])));
      const mute = annotated.filter((one) => denials.has(one.id) && typeof one.custom['remediation'] !== 'string');
      expect(mute.map((annotation) => annotation.id)).toEqual([]);
    });
  });

  test('each of them is formatted', async () => {
    const sources = await Promise.all(
      bundles.map(async ([id, folder]) => toSource(makeBundle(id, await readBundle(folder)))),
    );
    const files = sources.flatMap((source) =>
      Object.entries(source.files).map(([file, text]) => [`${source.id}/${file}`, text] as const),
    );
    expect(files.length).toBeGreaterThan(bundles.length);
    const { changed, problems } = await toolchain.format(Object.fromEntries(files));
    expect({ changed, problems }).toEqual({ changed: [], problems: [] });
  });
}

export function accepted<Answer extends { readonly kind: string }>(answer: Answer | Refused): Exclude<Answer, Refused> {
  if (answer.kind === 'refused') throw new Error(JSON.stringify(answer));
  return answer as Exclude<Answer, Refused>;
}
