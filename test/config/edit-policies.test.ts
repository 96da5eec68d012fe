import { describe, expect, test } from 'vitest';
import { settingIn, withBundle, withoutBundle, withSetting } from '../../src/config/edit-policies.ts';

const ENTRY = { id: 'b', layer: 'workflow', source: './b', mode: 'shadow' };
const BLOCK = `version: 1
policies:
  starter: false # of the house
  org:
    - id: a
      source: ./a # ours
      layer: resource
approvals: { hold: 10s }
`;
const FLOW = 'version: 1\npolicies: { org: [{ id: a, layer: resource, source: ./a }] }\n';
const JSON_TEXT = '{"version": 1, "policies": {"org": [{"id": "a", "layer": "resource", "source": "./a"}]}}\n';

describe('a bundle more', () => {
  test.for([
    ['a list in block style', BLOCK],
    ['a list in flow style', FLOW],
    ['JSON', JSON_TEXT],
    ['an empty list', 'version: 1\npolicies: { org: [] }\n'],
    ['lines of Windows', BLOCK.replaceAll('\n', '\r\n')],
  ] as const)('stands behind the others in %s, and gone again leaves every byte', ([, text]) => {
    const added = withBundle(text, ENTRY);
    expect(settingIn(added, 'b', 'source')).toBe('./b');
    expect(settingIn(added, 'b', 'mode')).toBe('shadow');
    expect(added.startsWith(text.slice(0, 20))).toBe(true);
    const again = withoutBundle(added, 'b');
    expect(again.replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
  });

  test('keeps comments and what stands behind', () => {
    expect(withBundle(BLOCK, ENTRY)).toBe(
      BLOCK.replace('approvals', '    - { id: b, layer: workflow, source: ./b, mode: shadow }\napprovals'),
    );
  });

  test('makes the list where there is none', () => {
    expect(withBundle('version: 1\n', ENTRY)).toBe(
      'version: 1\npolicies:\n  org:\n    - { id: b, layer: workflow, source: ./b, mode: shadow }\n',
    );
  });
});

test('a setting changes alone', () => {
  expect(withSetting(BLOCK, { id: 'a', name: 'source', value: './a 2' })).toBe(BLOCK.replace('./a #', '"./a 2" #'));
  expect(withSetting(JSON_TEXT, { id: 'a', name: 'source', value: './c' })).toBe(JSON_TEXT.replace('./a', './c'));
});

test('a setting that is not written cannot be changed', () => {
  expect(() => withSetting(BLOCK, { id: 'a', name: 'mode', value: 'enforce' })).toThrow(/no mode of a/);
});

test('what is not there is not taken out', () => {
  expect(withoutBundle(BLOCK, 'zzz')).toBe(BLOCK);
});
