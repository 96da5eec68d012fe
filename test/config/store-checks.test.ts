import { describe, expect, it, test } from 'vitest';
import { parsePostgresAddress } from '../../src/core/postgres-address.ts';
import { ConfigFile } from '../../src/config/schema.ts';
import { storeComplaints } from '../../src/config/store-checks.ts';
import { secretsIn } from '../../src/config/secrets.ts';
import { plainIn } from '../../src/config/secret-references.ts';
import { treeOf } from './tree-of.ts';

const URL = 'postgres://gateway:word@db.example.com/decisions';

function complaints(store: unknown): readonly string[] {
  const config = ConfigFile.parse({ version: 1, mcpServers: {}, decisions: { store } });
  return storeComplaints(config).map(({ path, message }) => `${path.slice(2).join('.')} ${message}`);
}

describe('a store', () => {
  it.each([
    [{}],
    [{ path: './here.db' }],
    [{ driver: 'postgres', url: URL }],
    [{ driver: 'postgres', url: URL, poolSize: 20 }],
  ])('may be %j', (store) => {
    expect(complaints(store)).toEqual([]);
  });

  it.each([
    [{ url: URL, poolSize: 3 }, ['url belongs to `driver: postgres`', 'poolSize belongs to `driver: postgres`']],
    [{ driver: 'postgres' }, ['driver needs the address of the database']],
    [{ driver: 'postgres', url: URL, path: 'x.db' }, ['path belongs to `driver: sqlite`']],
    [{ driver: 'postgres', url: 'db:5432' }, [expect.stringContaining('url is no address such as postgres://')]],
  ])('may not be %j', (store, said) => {
    expect(complaints(store)).toEqual(said);
  });
});

describe('an address', () => {
  it('has each part decoded, and encrypts for every host but this machine', () => {
    expect(parsePostgresAddress('postgresql://a%40b:p%2Fw%3A@[2001:db8::1]:6000/my%20db')).toEqual({
      host: '2001:db8::1',
      port: 6000,
      database: 'my db',
      user: 'a@b',
      password: 'p/w:',
      encryption: { mode: 'verify-full', rootCertificate: '', certificate: '', key: '' },
    });
    for (const host of ['localhost', '127.0.0.1', '%2Frun%2Fpostgresql']) {
      expect(parsePostgresAddress(`postgres://u@${host}/d`)).toMatchObject({
        port: 5432,
        encryption: { mode: 'disable' },
      });
    }
    expect(parsePostgresAddress('postgres://u@/d?host=/run/postgresql')).toMatchObject({ host: '/run/postgresql' });
    expect(parsePostgresAddress('postgres://u@db/d?sslmode=require&sslrootcert=/a.pem')).toMatchObject({
      encryption: { mode: 'require', rootCertificate: '/a.pem' },
    });
  });

  it.each([
    ['', 'is no address'],
    ['mysql://u:hidden@h/d', 'is no address'],
    ['postgres://u:hidden@h', 'names no database'],
    ['postgres://h/hidden', 'names no user'],
    ['postgres://u:hidden@/d', 'names no host'],
    ['postgres://u:hidden@a,b/d', 'names several hosts'],
    ['postgres://u:%hidden@h/d', 'has a % that begins no %XX'],
    [
      'postgres://u:hidden@h/d?sslmode=prefer',
      'has an sslmode that is none of disable, require, verify-ca, verify-full',
    ],
    ['postgres://u:hidden@h/d?sslkey=key.pem', 'has a relative path'],
    ['postgres://u:hidden@h/d?options=x', 'has "options" behind the question mark'],
    ['postgres://u:hidden@h:port/d', 'is no address'],
  ])('such as %s is refused without showing what is secret', (text, problem) => {
    const address = parsePostgresAddress(text);
    expect(address).toEqual({ problem: expect.stringContaining(problem) });
    expect(JSON.stringify(address)).not.toContain('hidden');
  });
});

test('the address of a store is masked whole where it has a password, however short', () => {
  const secretsOf = (url: string): readonly string[] => secretsIn(treeOf({ decisions: { store: { url } } }));
  expect(secretsOf('postgres://u:x@h/d')).toEqual(['postgres://u:x@h/d']);
  expect(secretsOf('postgres://u@h/d')).toEqual([]);
});

test('an address with its password written out is found as a secret in the open', () => {
  expect(plainIn(treeOf({ decisions: { store: { url: URL } } })).map(({ path }) => path)).toEqual([
    'decisions.store.url',
  ]);
});
