import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exposedName, faultOfLabel, faultOfName, faultOfUri, namesFor } from '../../src/catalog/naming.ts';
import type { ServerId } from '../../src/core/names.ts';

const server = 'code-host' as ServerId;
const anyServer = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,19}$/).map((id) => id as ServerId);

describe('an exposed name', () => {
  it.each([
    ['prefixed', 'merge', 'code-host__merge'],
    ['plain', 'merge', 'merge'],
    ['prefixed', 'API-get-user', 'code-host__API-get-user'],
    ['prefixed', 'files.read', 'code-host__files_read_29d58230'],
    ['prefixed', 'a'.repeat(37), `code-host__${'a'.repeat(37)}`],
    ['prefixed', 'a'.repeat(38), `code-host__${'a'.repeat(28)}_5f03a1ae`],
    ['plain', '查询', '___b1204853'],
  ] as const)('%s of %s is %s', (names, tool, expected) => {
    expect(exposedName(server, tool, names)).toBe(expected);
  });

  it('has at most 48 of the characters that every client takes', () => {
    fc.assert(
      fc.property(anyServer, fc.string({ minLength: 1, unit: 'binary' }), (id, tool) => {
        expect(exposedName(id, tool, 'prefixed')).toMatch(/^[A-Za-z0-9_-]{1,48}$/);
        expect(exposedName(id, tool, 'plain')).toMatch(/^[A-Za-z0-9_-]{1,48}$/);
      }),
    );
  });

  it('never belongs to tools of two servers when prefixed', () => {
    const anyTool = fc.tuple(anyServer, fc.string());
    fc.assert(
      fc.property(anyTool, anyTool, ([one, tool], [other, otherTool]) => {
        fc.pre(one !== other);
        expect(exposedName(one, tool, 'prefixed')).not.toBe(exposedName(other, otherTool, 'prefixed'));
      }),
    );
  });

  it('is plain by itself as long as one server is configured', () => {
    expect([namesFor('auto', 1), namesFor('auto', 2), namesFor('prefixed', 1), namesFor('plain', 2)]).toEqual([
      'plain',
      'prefixed',
      'prefixed',
      'plain',
    ]);
  });
});

describe('G-43 a name that is not shown', () => {
  it.each([
    ['', 'is empty'],
    ['a'.repeat(129), 'has more than 128 characters'],
    ['__proto__', 'is a name of the object prototype'],
    ['constructor', 'is a name of the object prototype'],
    ['read\u200bfile', 'has characters that cannot be seen'],
    ['read\u{e0041}', 'has characters that cannot be seen'],
    ['\u202ereaf', 'has characters that cannot be seen'],
    ['read\u3164', 'has characters that cannot be seen'],
    ['read\u00a0file', 'has characters that cannot be seen'],
    ['read\nfile', 'has characters that cannot be seen'],
    [' read', 'has characters that cannot be seen'],
    ['read\ud800', 'has characters that cannot be seen'],
    ['ｒｅａｄ', 'has characters that only look like others'],
    ['Bаsh', 'mixes letters of scripts that look alike'],
    ['senԁ', 'mixes letters of scripts that look alike'],
    ['ρау', 'mixes letters of scripts that look alike'],
    ['reɑd', 'has characters that only look like others'],
  ])('%j %s', (name, fault) => {
    expect(faultOfName(name)).toBe(fault);
  });

  it.each(['read_file', 'API-get-user', 'files.read', 'tools/read', 'read file', '查询天气', 'größe', 'прочитать'])(
    'is not %s',
    (name) => {
      expect(faultOfName(name)).toBeUndefined();
    },
  );
});

describe('G-43 a resource that is not shown', () => {
  it.each([
    ['file:///a\u200bb', 'has characters that cannot be seen'],
    ['file:///\u202egpj.exe', 'has characters that cannot be seen'],
    ['file:///a\u{e0041}', 'has characters that cannot be seen'],
    ['file:///a\u0000b', 'has characters that cannot be seen'],
    [`file:///${'a'.repeat(4_096)}`, 'has more than 4096 characters'],
    ['https://аpple.com/a', 'mixes letters of scripts that look alike'],
  ])('has the address %j, which %s', (uri, fault) => {
    expect(faultOfUri(uri)).toBe(fault);
  });

  it.each([
    ['Bаsh history', 'mixes letters of scripts that look alike'],
    ['no\u200dtes', 'has characters that cannot be seen'],
    ['خ\u200c\u200cو', 'has characters that cannot be seen'],
    ['Handbook\n', 'has characters that cannot be seen'],
    ['notes\u200d', 'has characters that cannot be seen'],
    ['no\u2066tes', 'has characters that cannot be seen'],
  ])('is called %j, which %s', (label, fault) => {
    expect(faultOfLabel(label)).toBe(fault);
  });

  it.each([
    'file:///дом/отчёт.txt',
    'file:///u%CC%88ber',
    'file:///u\u0308ber',
    'db://{table}/{id}',
    'https://日本.jp/a',
  ])('does not have the address %s', (uri) => {
    expect(faultOfUri(uri)).toBeUndefined();
  });

  it.each([
    'Отчёт (Q3).pdf',
    '⚙️ Settings',
    '👨‍👩‍👧 Family',
    'Überblick',
    'Read me',
    '1️⃣ First steps',
    'می‌خواهم',
    'क्‍ष',
    'Screenshot at 3.04\u202fPM.png',
    'Handbook ',
  ])('is not called %s', (label) => {
    expect(faultOfLabel(label)).toBeUndefined();
  });
});
