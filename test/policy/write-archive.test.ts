import { expect, test } from 'vitest';
import { readArchive } from '../../src/policy/archive.ts';
import { makeBundle } from '../../src/policy/bundle.ts';
import { writeArchive } from '../../src/policy/write-archive.ts';
import { bundleFiles } from './archives.ts';

const FILES = bundleFiles({
  'data.json': '{"github":{}}',
  'sub/more.rego': `package github.sub\n${'# x\n'.repeat(300)}`,
});

function bytesOf(files: Readonly<Record<string, string>>): ReadonlyMap<string, Buffer> {
  return new Map(Object.entries(files).map(([file, text]) => [file, Buffer.from(text)]));
}

test('the same files are the same bytes, in whatever order they come', () => {
  const turned = new Map([...bytesOf(FILES)].toReversed());
  expect(writeArchive(turned).equals(writeArchive(bytesOf(FILES)))).toBe(true);
});

test('what is packed is read again as the same bundle', async () => {
  const files = await readArchive(writeArchive(bytesOf(FILES)));
  expect(makeBundle('a', { source: '', files }).digest).toBe(
    makeBundle('a', { source: '', files: bytesOf(FILES) }).digest,
  );
});

test('a name that does not fit into an archive is refused', () => {
  expect(() => writeArchive(bytesOf({ [`${'a'.repeat(300)}.rego`]: '' }))).toThrow('too long');
});
