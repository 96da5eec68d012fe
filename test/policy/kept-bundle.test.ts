import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { type Bundle, makeBundle } from '../../src/policy/bundle.ts';
import { configure } from '../../src/policy/config-data.ts';
import { readKeptBundle, writeKeptBundle } from '../../src/policy/kept-bundle.ts';
import { MANIFEST } from './archives.ts';

async function aBundle(data: JsonObject = {}): Promise<Bundle> {
  const files = {
    '.manifest': MANIFEST,
    'policy.rego': 'package github\n\ndeny contains "late" if input.environment.time_ms > 0\n',
    'policy_test.rego': 'package github_test\n',
    'data.yaml': 'github:\n  config:\n    limit: 9\n    hosts: [b, a]\n',
  };
  const bytes = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  return configure(makeBundle('code', { source: 'here', files: bytes }), data, () => []);
}

test('a kept bundle is the bundle, with the data that it was in force with', async () => {
  const bundle = await aBundle({ limit: 3 });
  const again = readKeptBundle('code', writeKeptBundle(bundle), bundle);
  expect({ ...again, source: '' }).toEqual({ ...bundle, source: '' });
  expect(again.data).toEqual({ github: { config: { limit: 3, hosts: ['b', 'a'] } } });
});

test('what is kept of a bundle is one text, whatever order its members had', async () => {
  const bundle = await aBundle({ limit: 3 });
  const turned = { ...bundle, data: { github: { config: { hosts: ['b', 'a'], limit: 3 } } } };
  expect(writeKeptBundle(turned)).toBe(writeKeptBundle(bundle));
});

test.each([
  ['a rule', 'time_ms > 0', 'time_ms > 1'],
  ['the data in force', '"limit":3', '"limit":4'],
  ['the data that it ships with', '\\"limit\\":9', '\\"limit\\":8'],
])('a kept bundle in which %s was changed is refused', async (_, before, after) => {
  const bundle = await aBundle({ limit: 3 });
  const text = writeKeptBundle(bundle);
  expect(text).toContain(before);
  expect(() => readKeptBundle('code', text.replace(before, after), bundle)).toThrow(/has changed/);
});

test('what is no kept bundle at all is refused', async () => {
  const bundle = await aBundle();
  expect(() => readKeptBundle('code', '{"files":', bundle)).toThrow(/has changed/);
  expect(() => readKeptBundle('code', '{}', bundle)).toThrow(/has changed/);
});
