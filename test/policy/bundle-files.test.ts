import { describe, expect, it } from 'vitest';
import { checkedFiles } from '../../src/policy/bundle-files.ts';
import { belongsToBundle } from '../../src/policy/bundle-path.ts';

const filesOf = (...paths: readonly string[]) => new Map(paths.map((path) => [path, Buffer.from('{}')]));

describe('a file that a source names', () => {
  it.each(['.manifest', '.signatures.json', 'policy.rego', 'a/b_test.rego', 'data.json', 'a/data.yaml'])(
    '%s belongs to a bundle',
    (path) => {
      expect(belongsToBundle(path)).toBe(true);
    },
  );

  it.each([
    'README.md',
    'policy.wasm',
    'a/.manifest',
    'vendor/library.rego',
    '.github/policy.rego',
    'node_modules/x/data.json',
    '../policy.rego',
  ])('%s does not', (path) => {
    expect(belongsToBundle(path)).toBe(false);
  });
});

describe('files that came one by one', () => {
  it('are those of the bundle, less what lies beside it', () => {
    const files = checkedFiles(filesOf('.manifest', 'policy.rego', 'README.md'));
    expect([...files.keys()]).toEqual(['.manifest', 'policy.rego']);
  });

  it.each([
    [['policy.rego'], /there is no \.manifest in it/],
    [['.manifest', 'a//policy.rego'], /not a plain relative path/],
    [['.manifest', '/policy.rego'], /not a plain relative path/],
    [['.manifest', 'a b.rego'], /characters other than/],
    [['.manifest', 'a.rego', 'A.rego'], /differs from another file only by case/],
    [['.manifest', ...Array.from({ length: 2_000 }, (_, index) => `p${index}.rego`)], /more than 2000 files/],
  ])('are refused where one is hostile or too much', (paths, why) => {
    expect(() => checkedFiles(filesOf(...paths))).toThrow(why);
  });
});
