import { expect, test } from 'vitest';
import type { BundleDiff } from '../../src/review/policy-diff.ts';
import { withoutSecrets } from '../../src/review/policy-diff-secrets.ts';

const BUNDLE: BundleDiff = {
  bundle: 'limits',
  kind: 'changed',
  layer: 'workflow',
  digest: { before: '', after: '' },
  rules: [],
  modes: [],
  data: [
    { pointer: '/config/token', before: 'the-one-before', after: 'the-one-now' },
    { pointer: '/config/tokens', before: ['the-one-before', 'the-one-now'] },
    { pointer: '/config/limit', before: 3, after: 5 },
  ],
  declared: [],
  isScopeChanged: false,
  unread: '',
};

test('where one side of a value has a secret that is known, neither side is shown', () => {
  const side = { generation: '', name: 'before the-one-now' };
  const shown = withoutSecrets({ from: side, to: side, bundles: [BUNDLE], beside: [] }, ['the-one-now']);
  expect(shown.bundles[0]?.data).toEqual([
    { pointer: '/config/token', before: '••••', after: '••••' },
    { pointer: '/config/tokens', before: '••••' },
    { pointer: '/config/limit', before: 3, after: 5 },
  ]);
  expect(shown.from.name).toBe('before ••••');
});
