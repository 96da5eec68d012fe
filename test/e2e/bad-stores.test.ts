import Database from 'better-sqlite3';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sha256Hex } from '../../src/core/canonical-json.ts';
import { aPlace, decisionsAbout, type Place, runProgram, storeOf } from './program.ts';
import { type RawClient, rawStdio } from './raw-client.ts';
import { journal, textsIn } from './servers.ts';

function aJournalPlace(): Place {
  return aPlace(
    (folder) => `version: 1
gateway: { toolNames: plain }
mcpServers: { journal: { ${journal(folder)} } }
`,
  );
}

const BAD: readonly { readonly what: string; readonly make: (path: string) => void; readonly says: RegExp }[] = [
  { what: 'a folder', make: (path) => mkdirSync(path), says: /is not a file[\s\S]*Name another place/ },
  {
    what: 'a file without rights',
    make: (path) => withoutRights(path),
    says: /(belongs to another user|cannot be opened|may not be read)[\s\S]*= help: /,
  },
  {
    what: 'no database',
    make: (path) => writeFileSync(path, 'these are my notes\n'.repeat(100)),
    says: /is not a SQLite database[\s\S]*Move it aside/,
  },
  {
    what: 'a database of another program',
    make: (path) => inDatabase(path, 'create table notes (text)'),
    says: /is a database of another program[\s\S]*decisions\.store\.path/,
  },
  {
    what: 'a database of a newer version',
    make: (path) =>
      inDatabase(path, `create table log (seq); pragma application_id = 0x6d637067; pragma user_version = 99`),
    says: /has schema 99[\s\S]*Use the newer version/,
  },
];

test.for(BAD)('where the store is $what, nothing is served, and it says how to mend that', async ({ make, says }) => {
  const place = placeWithStore(make);
  const before = contentOf(storeOf(place));
  expect(await refusalToServe(place)).toMatch(says);
  expect(contentOf(storeOf(place))).toEqual(before);
});

test('where another program holds the store, nothing is served, and it says so', async () => {
  const place = placeWithStore((path) => inDatabase(path, 'create table log (seq)'));
  holdExclusively(storeOf(place));
  expect(await refusalToServe(place)).toMatch(/is held by another program[\s\S]*End the program/);
});

function placeWithStore(make: (path: string) => void): Place {
  const place = aJournalPlace();
  mkdirSync(dirname(storeOf(place)), { mode: 0o700 });
  make(storeOf(place));
  return place;
}

/** What it says instead of serving. */
async function refusalToServe(place: Place): Promise<string> {
  const { code, stdout, stderr } = await runProgram(place, ['serve', '--stdio']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error STORE_/);
  expect(stderr).toContain(storeOf(place));
  return stderr;
}

interface Trouble {
  readonly what: string;
  /** Makes the store unwritable; returns the way back. */
  readonly cause: (path: string) => () => void;
}

const TROUBLES: readonly Trouble[] = [
  { what: 'held by another program', cause: (path) => holdExclusively(path) },
  {
    what: 'gone',
    cause: (path) => {
      const files = ['', '-wal', '-shm'].map((suffix) => `${path}${suffix}`).filter((file) => existsSync(file));
      for (const file of files) renameSync(file, `${file}.aside`);
      return () => {
        for (const file of files) renameSync(`${file}.aside`, file);
      };
    },
  },
  {
    what: 'F-15 closed to its owner',
    cause: (path) => {
      chmodSync(path, 0);
      return () => chmodSync(path, 0o600);
    },
  },
];

test.for(TROUBLES)('while the store is $what, nothing is forwarded; afterwards all is as before', async ({ cause }) => {
  const place = aJournalPlace();
  const client = await rawStdio(place);
  expect((await client.call('write', { text: 'before' })).content[0]?.text).toBe('written');

  const mend = cause(storeOf(place));
  const refused = await client.call('write', { text: 'unrecorded' });
  expect(refused).toMatchObject({ isError: true });
  expect(refused._meta?.['mcp-gateway/decision']).toMatchObject({
    allow: false,
    reasons: ['gateway.audit_unavailable'],
  });
  expect(refused.content[0]?.text).toContain('what cannot be recorded is not done');
  expect(client.stderr()).toContain('a decision could not be recorded');
  mend();

  await recovered(client);
  expect(textsIn(place).filter((text) => text !== 'after')).toEqual(['before']);
  const allowed = (await decisionsAbout(place, 'write')).filter(({ effect }) => effect === 'allow');
  expect(allowed).toHaveLength(textsIn(place).length);
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
});

/** The next call, or the one after it, works. */
async function recovered(client: RawClient): Promise<void> {
  const answers = [await client.call('write', { text: 'after' }), await client.call('write', { text: 'after' })];
  expect(answers.at(-1)?.content[0]?.text).toBe('written');
}

/** The user `root` may read everything, so there the file belongs to somebody else. */
function withoutRights(path: string): void {
  writeFileSync(path, '');
  const nobody = 65_534;
  if (process.getuid?.() === 0) chownSync(path, nobody, nobody);
  else chmodSync(path, 0);
}

function contentOf(path: string): string {
  try {
    return sha256Hex(readFileSync(path));
  } catch (thrown) {
    return String(thrown);
  }
}

function inDatabase(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

/**
 * Holds the database as a backup tool does; returns the way to let it go. Whoever opens and closes the file otherwise in
 * this process loses the lock (POSIX).
 */
function holdExclusively(path: string): () => void {
  const database = new Database(path);
  database.exec('begin exclusive');
  onTestFinished(() => void database.close());
  return () => void database.exec('rollback');
}
