import { expect, test } from 'vitest';
import { makeBundle, toSource } from '../../src/policy/bundle.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { toolchain } from '../shared-toolchain.ts';
import { accepted, everyBundle } from '../bundles/contract.ts';
import { inputSchema, readLibrary, SHELVED } from '../bundles/shipped.ts';

const library = readLibrary();

everyBundle(SHELVED);

test.each(SHELVED)(
  'bundle %s names an owner of each rule, and asks about what it does not know',
  async (id, folder) => {
    const bundle = makeBundle(id, await readBundle(folder));
    const { inspection } = accepted(
      await toolchain.inspect({ bundle: toSource(bundle), library, inputSchema: inputSchema() }),
    );
    const annotated = inspection.annotations.filter((annotation) => annotation.id !== '');
    expect(annotated.filter(({ custom }) => typeof custom['owner'] !== 'string')).toEqual([]);

    // A tool of a newer version, and an argument of one: whatever else the bundle says, nothing runs unasked.
    const [tool = ''] = Object.keys(bundle.manifest.metadata.gateway.tools);
    const inputs = [{ tool: 'brought-by-tomorrow' }, { tool, args: { brought_by_tomorrow: true } }].map((action) => ({
      input: { action: { type: 'tool_call', args: {}, effect: 'read', ...action } },
    }));
    const evaluated = accepted(
      await toolchain.evaluate({ bundles: [toSource(bundle)], library, entrypoint: id, inputs }),
    );
    expect(evaluated.results.map(({ value }) => value)).toEqual([CONFIRMED, CONFIRMED]);
  },
);

const CONFIRMED = expect.objectContaining({
  obligations: expect.arrayContaining([
    expect.objectContaining({ type: 'require_approval', by: 'user', id: expect.stringMatching(/-390$/) }),
  ]),
}) as unknown;
