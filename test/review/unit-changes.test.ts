import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { definitionChanges, keptChanges } from '../../src/review/unit-changes.ts';

const SECRET = 'a "secret" of the server';

test('G-49 what a record keeps of a changed definition holds no secret, in whatever place it stands', () => {
  const changes = definitionChanges(
    { description: 'reads' },
    { description: `key ${SECRET}`, [SECRET]: { x: SECRET } },
  );
  expect(keptChanges(changes, [SECRET])).toEqual({
    places: 2,
    changes: [
      { pointer: '/••••/x', before: null, after: '"••••"' },
      { pointer: '/description', before: '"reads"', after: '"key ••••"' },
    ],
  });
});

test('G-46 a definition with much under a long name takes no more memory than it has itself', () => {
  const members = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`m${index}`, index]));
  const named = (more: JsonObject): JsonObject => ({
    description: 'reads',
    ['n'.repeat(1_000_000)]: { ...members, ...more },
  });
  const changes = definitionChanges(named({}), { ...named({ m7: 'other' }), description: 'writes' });
  expect(changes.map(({ pointer }) => pointer.length)).toEqual(['/description'.length, 1_000_001]);
  expect(JSON.stringify(keptChanges(changes, [])).length).toBeLessThan(2_000);
});
