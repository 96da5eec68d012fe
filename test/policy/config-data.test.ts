import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { makeBundle } from '../../src/policy/bundle.ts';
import { configure, type ValidateSchema } from '../../src/policy/config-data.ts';
import { bundleFiles } from './archives.ts';

const SHIPPED = { branches: ['main'], limits: { calls: 5, tokens: 10 }, owner: null };

function aBundle(schema?: JsonObject) {
  const manifest = {
    roots: ['github'],
    metadata: { gateway: { contract: 1, layer: 'server', ...(schema && { config: schema }) } },
  };
  const files = bundleFiles({
    '.manifest': JSON.stringify(manifest),
    'data.json': JSON.stringify({ github: { config: SHIPPED, teams: {} } }),
  });
  const bytes = Object.entries(files).map(([path, content]) => [path, Buffer.from(content)] as const);
  return makeBundle('github', { source: 'here', files: new Map(bytes) });
}

const anything: ValidateSchema = () => [];

describe('what an admin sets', () => {
  it('is merged into the configuration: objects member by member, all else replaced', async () => {
    const set = { branches: ['release'], limits: { calls: 9 }, owner: { team: 'core' }, added: 1 };
    expect((await configure(aBundle(), set, anything)).data).toEqual({
      github: {
        config: { branches: ['release'], limits: { calls: 9, tokens: 10 }, owner: { team: 'core' }, added: 1 },
        teams: {},
      },
    });
  });

  it('changes the digest of the data, and not that of the bundle', async () => {
    const bundle = aBundle();
    const configured = await configure(bundle, { added: 1 }, anything);
    expect(configured.digest).toBe(bundle.digest);
    expect(configured.dataDigest).not.toBe(bundle.dataDigest);
    expect(await configure(bundle, {}, anything)).toBe(bundle);
  });

  it('is checked together with the defaults against the schema of the manifest', async () => {
    const seen: unknown[] = [];
    const schema = { type: 'object', required: ['branches'] };
    await configure(aBundle(schema), { limits: { calls: 9 } }, (...given) => {
      seen.push(...given);
      return [];
    });
    expect(seen).toEqual([schema, { ...SHIPPED, limits: { calls: 9, tokens: 10 } }]);
  });

  it('is refused with all that the schema says against it', async () => {
    const validate: ValidateSchema = () => ['/limits/calls must be a number', '/added is not known'];
    await expect(configure(aBundle({}), { added: 1 }, validate)).rejects.toThrow(
      'bundle github (here) cannot be used:\n' +
        '  data.github.config: /limits/calls must be a number\n' +
        '  data.github.config: /added is not known',
    );
  });

  it.each<[string, JsonObject]>([
    ['a number that cannot be held exactly', { a: 2 ** 60 }],
    ['a name of the prototype', { deep: { constructor: 1 } }],
  ])('is refused for %s', async (_what, data) => {
    await expect(configure(aBundle(), data, anything)).rejects.toThrow('cannot be used');
  });
});
