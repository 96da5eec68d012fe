import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArchive } from '../../src/policy/archive.ts';
import { archiveOf, bundleFiles, type Entry, entriesOf, tarOf } from './archives.ts';

const good = entriesOf(bundleFiles());

const names = async (entries: readonly Entry[]) => [...(await readArchive(archiveOf(entries))).keys()];

describe('an archive', () => {
  it('gives its regular files with their content', async () => {
    const files = await readArchive(archiveOf(entriesOf(bundleFiles({ 'github/data.json': '{"a":1}' }))));
    expect([...files.keys()]).toEqual(['.manifest', 'policy.rego', 'github/data.json']);
    expect(Buffer.from(files.get('github/data.json') ?? []).toString()).toBe('{"a":1}');
  });

  it('may name its files as `opa build` and `tar -C folder .` do', async () => {
    expect(await names([{ path: '/policy.rego' }, { path: '/.manifest' }])).toEqual(['policy.rego', '.manifest']);
    expect(await names([{ path: './', type: 'Directory' }, { path: './policy.rego' }])).toEqual(['policy.rego']);
  });

  it('has no more in it than a folder would: what lies in vendor, node_modules and hidden folders is left alone', async () => {
    const beside = ['vendor/lib.rego', 'node_modules/x/data.json', '.github/a.rego', 'a/.hidden/data.yaml'];
    expect(await names([...good, ...beside.map((path) => ({ path }))])).toEqual(['.manifest', 'policy.rego']);
  });

  it('may have folders and long names', async () => {
    const long = `${'folder/'.repeat(20)}data.json`;
    expect(await names([{ path: 'folder/', type: 'Directory' }, ...good, ...longNamed(long)])).toContain(long);
  });

  it.each<[string, readonly Entry[], string]>([
    ['a path out of it', [{ path: '../policy.rego' }], 'not a plain relative path'],
    ['a path out of it and back', [{ path: 'a/../../policy.rego' }], 'not a plain relative path'],
    ['an absolute path', [{ path: '//etc/policy.rego' }], 'not a plain relative path'],
    ['a file that no bundle has', [{ path: '/etc/passwd' }], 'is none of'],
    ['prebuilt wasm', [{ path: 'policy.wasm' }], 'is none of'],
    ['a drive', [{ path: 'C:policy.rego' }], 'characters other than'],
    ['a backslash', [{ path: '..\\policy.rego' }], 'characters other than'],
    ['a space', [{ path: 'a policy.rego' }], 'characters other than'],
    ['a name of the prototype', [{ path: '__proto__/data.json' }], 'not allowed'],
    ['a hidden path in an extended header', longNamed('../policy.rego'), 'not a plain relative path'],
    ['a NUL in an extended header', longNamed('policy.rego\0.txt'), 'has a NUL'],
    ['a symbolic link', [{ path: 'policy.rego', type: 'SymbolicLink', linkpath: '/etc/passwd' }], 'SymbolicLink'],
    ['a hard link', [{ path: 'policy.rego', type: 'Link', linkpath: '/etc/passwd' }], 'Link'],
    ['a device', [{ path: 'policy.rego', type: 'CharacterDevice' }], 'CharacterDevice'],
    ['a pipe', [{ path: 'policy.rego', type: 'FIFO' }], 'FIFO'],
    ['a file twice', [{ path: 'policy.rego' }, { path: './policy.rego' }], 'twice'],
    ['a file twice but for its case', [{ path: 'a.rego' }, { path: 'A.rego' }], 'twice'],
    ['a path with a drive', [{ path: 'C:\\policy.rego' }], 'characters other than'],
    ['a name that only looks like another', [{ path: 'pol\u200bicy.rego' }], 'characters other than'],
    ['a name in two Unicode forms', [{ path: 'e\u0301.rego' }, { path: '\u00e9.rego' }], 'characters other than'],
    ['a folder and a file of one name', [{ path: 'a.rego/', type: 'Directory' }, { path: 'A.rego' }], 'twice'],
    ['a block device', [{ path: 'data.json', type: 'BlockDevice' }], 'BlockDevice'],
    ['a sparse file', [{ path: 'data.json', type: 'GNUDumpDir' }], 'GNUDumpDir'],
    ['a patch instead of a bundle', [{ path: 'patch.json', content: '{"data":[]}' }], 'delta bundle'],
    ['signatures in a folder', [{ path: 'a/.signatures.json', content: '{}' }], 'is none of'],
    ['its signatures twice', [{ path: '.signatures.json' }, { path: './.signatures.json' }], 'twice'],
  ])('G-60 with %s is refused', async (_what, entries, words) => {
    await expect(readArchive(archiveOf([...good.slice(0, 1), ...entries]))).rejects.toThrow(words);
  });

  it('G-61 with more than 2,000 entries is refused', async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => ({ path: `p${index}.rego` }));
    await expect(names(many)).resolves.toHaveLength(2_000);
    await expect(names([...many, { path: 'one-more.rego' }])).rejects.toThrow('more than 2000 entries');
  });

  it('G-61 that unpacks to a hundred times its size is refused', async () => {
    const bomb = archiveOf([{ path: 'data.json', content: Buffer.alloc(8 * 1024 * 1024, ' ') }]);
    await expect(readArchive(bomb)).rejects.toThrow('more than 100 times');
  });

  it('G-61 is read up to 64 MB unpacked, and refused from there on', async () => {
    // An eighth of it cannot be packed, so that the ratio does not stop it.
    const eighth = randomBytes(1024);
    const content = Buffer.concat(Array.from({ length: 1024 }, () => eighth));
    for (let at = 0; at < content.length; at += 8 * 1024) randomBytes(1024).copy(content, at);
    const packed = (megabytes: number): Buffer =>
      gzipSync(tarOf(Array.from({ length: megabytes }, (_, index) => ({ path: `p${index}.rego`, content }))), {
        level: 1,
      });
    // A tar adds half a kilobyte to each file, and one kilobyte at its end.
    expect((await readArchive(packed(63))).size).toBe(63);
    await expect(readArchive(packed(64))).rejects.toThrow('larger than 64 MB');
  });

  it('G-61 that would unpack to 10 GB is refused at its 64th megabyte', async () => {
    const megabyte = deflateRawSync(Buffer.alloc(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
    const header = archiveOf(good).subarray(0, 10);
    const bomb = Buffer.concat([header, ...Array.from({ length: 10 * 1024 }, () => megabyte), Buffer.alloc(8)]);
    expect(bomb.length).toBeLessThan(16 * 1024 * 1024);
    await expect(readArchive(bomb)).rejects.toThrow('more than 100 times');
  });

  it('G-61 of more than 16 MB is refused unread', async () => {
    await expect(readArchive(Buffer.alloc(16 * 1024 * 1024 + 1))).rejects.toThrow('larger than 16 MB');
  });

  it('G-60 with a second gzip member is refused, because other programs would not read it', async () => {
    const second = archiveOf([{ path: 'policy.rego', content: 'package evil' }]);
    await expect(readArchive(Buffer.concat([archiveOf(good), second]))).rejects.toThrow('something follows');
    await expect(readArchive(Buffer.concat([archiveOf(good), Buffer.alloc(1)]))).rejects.toThrow('something follows');
  });

  it('G-61 that is compressed twice is refused', async () => {
    await expect(readArchive(gzipSync(archiveOf(good)))).rejects.toThrow('compressed twice');
  });

  it('that is no archive is refused', async () => {
    await expect(readArchive(Buffer.from('package github, and more text'))).rejects.toThrow('it is not gzip');
    await expect(readArchive(gzipSync(Buffer.from('package github')))).rejects.toThrow('TAR_BAD_ARCHIVE');
    await expect(readArchive(Buffer.alloc(0))).rejects.toThrow('it is not gzip');
  });

  it('with its gzip flags set is read', async () => {
    const plain = archiveOf(good);
    const header = Buffer.from(plain.subarray(0, 10));
    header[3] = 4 | 8 | 16 | 2;
    const extra = Buffer.from([2, 0, 7, 7, ...Buffer.from('name\0comment\0'), 0, 0]);
    expect(await readArchive(Buffer.concat([header, extra, plain.subarray(10)]))).toEqual(await readArchive(plain));
  });

  it('that is cut anywhere, or has a flipped bit in its end, is refused', async () => {
    const whole = archiveOf(good);
    for (let length = 0; length < whole.length; length += 7) {
      await expect(readArchive(whole.subarray(0, length))).rejects.toBeInstanceOf(Error);
    }
    const flipped = Buffer.from(whole);
    flipped[whole.length - 6] = (flipped[whole.length - 6] ?? 0) ^ 1;
    await expect(readArchive(flipped)).rejects.toThrow('its checksum is wrong');
  });

  it('whose tar is cut off is refused', async () => {
    const cut = tarOf([{ path: 'policy.rego', content: 'x'.repeat(2_000) }]).subarray(0, 1024);
    await expect(readArchive(gzipSync(cut))).rejects.toThrow('Truncated');
  });
});

describe('G-60 an archive that is generated', () => {
  const SAFE = /^(?:[\w-][\w.-]*|\.manifest|\.signatures\.json)(?:\/[\w.-]+)*$/;
  const isSafe = async (bytes: Buffer): Promise<boolean> => {
    const read = await readArchive(bytes).catch((thrown: unknown) => thrown);
    return read instanceof Map ? [...read.keys()].every((path) => SAFE.test(String(path))) : read instanceof Error;
  };
  const part = fc.constantFrom('..', '.', '', 'a', 'vendor', 'policy.rego', 'data.json', '.manifest', '\0', 'C:', '~');
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const type = fc.constantFrom(
    'File',
    'Directory',
    'SymbolicLink',
    'Link',
    'FIFO',
    'ExtendedHeader',
    'NextFileHasLongPath',
  );

  it('is refused with an error, or has files of a bundle alone', async () => {
    const entry = fc.record({ path, type, content: fc.string({ maxLength: 40 }) }).map(asEntry);
    const property = fc.asyncProperty(fc.array(entry, { maxLength: 5 }), (entries) => isSafe(archiveOf(entries)));
    await expect(fc.assert(property)).resolves.toBeUndefined();
  });

  it('of any bytes is an error at worst', async () => {
    const tar = tarOf(good);
    const edit = fc.tuple(fc.nat(tar.length - 1), fc.nat(255));
    const bytes = fc.array(edit, { minLength: 1, maxLength: 8 }).map((edits) => {
      const copy = Buffer.from(tar);
      for (const [at, byte] of edits) copy[at] = byte;
      return gzipSync(copy);
    });
    const noise = fc.uint8Array({ maxLength: 2_000 }).map((any) => Buffer.from(any));
    const any = fc.oneof(
      bytes,
      noise,
      noise.map((plain) => gzipSync(plain)),
    );
    await expect(fc.assert(fc.asyncProperty(any, isSafe))).resolves.toBeUndefined();
  });
});

interface Generated {
  readonly path: string;
  readonly type: Entry['type'];
  readonly content: string;
}

function asEntry({ path, type, content }: Generated): Entry {
  return { path: path.slice(0, 90), content, ...(type === undefined ? {} : { type }) };
}

/** An entry whose true path stands in an extended header (POSIX pax). */
function longNamed(path: string): readonly Entry[] {
  const line = (length: number) => `${length} path=${path}\n`;
  let length = Buffer.byteLength(line(0));
  while (Buffer.byteLength(line(length)) !== length) length = Buffer.byteLength(line(length));
  return [
    { path: 'PaxHeader/data.json', type: 'ExtendedHeader', content: line(length) },
    { path: 'data.json', content: '{}' },
  ];
}
