import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { PostgresConnection } from '../../src/state/postgres-connection.ts';
import { one } from '../../src/state/work.ts';
import { runProgram } from '../e2e/program.ts';
import { aHostAt, SECRET } from './a-host.ts';
import { aProxy } from './a-proxy.ts';
import { PASSWORD, ROLE, serverOwner, startPostgres } from './a-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpg-certificates-'));
makeCertificates();
const server = await startPostgres({
  settings: [
    `listen_addresses = '*'`,
    `ssl_cert_file = '${inFolder('good.pem')}'`,
    `ssl_key_file = '${inFolder('server.key')}'`,
  ],
});
const database = await server.createDatabase();
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function inFolder(name: string): string {
  return join(folder, name);
}

/** Two authorities; of the first one, certificates for this host, for another one, and one that has expired. */
function makeCertificates(): void {
  const openssl = (args: string, under: readonly string[] = []): void => {
    const [command = '', ...rest] = [...under, 'openssl', ...args.split(' ')];
    execFileSync(command, rest, { cwd: folder, stdio: 'ignore' });
  };
  for (const name of ['root', 'other']) {
    openssl(`req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=${name} -keyout ${name}.key -out ${name}.pem`);
  }
  openssl('req -newkey rsa:2048 -nodes -subj /CN=database -keyout server.key -out server.csr');
  const signed = (name: string, names: string, under?: readonly string[]): void => {
    writeFileSync(inFolder(`${name}.ext`), `subjectAltName = ${names}\n`);
    const by = '-CA root.pem -CAkey root.key -CAcreateserial';
    openssl(`x509 -req -in server.csr ${by} -days 30 -extfile ${name}.ext -out ${name}.pem`, under);
  };
  const here = ['DNS:localhost', 'IP:127.0.0.1', `DNS:${hostname()}`, ...elsewhere('IP:')].join(', ');
  signed('good', here);
  signed('stranger', 'DNS:elsewhere.example.com');
  signed('expired', here, ['faketime', '90 days ago']);
  const owner = serverOwner();
  for (const name of readdirSync(folder)) if (owner !== undefined) chownSync(inFolder(name), ...owner);
  chmodSync(inFolder('server.key'), 0o600);
  chmodSync(folder, 0o755);
}

/** An address of this machine that others see, where it has one. */
function elsewhere(before = ''): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => before + address);
}

async function present(certificate: string): Promise<void> {
  await server.query(`alter system set ssl = ${certificate === 'none' ? 'off' : 'on'}`);
  if (certificate !== 'none') await server.query(`alter system set ssl_cert_file = '${inFolder(certificate)}.pem'`);
  await server.query('select pg_reload_conf()');
  // Who connects from now on finds it so: the server reads its settings before it takes the next connection.
  await new Promise((resolve) => setTimeout(resolve, 200));
}

function inPlace(address: string): string {
  return address.replace(/=(root|other)\.pem/, (_, name: string) => `=${inFolder(`${name}.pem`)}`);
}

/** The answer, or what is said and what mends it; never with a secret in it. */
async function asked(address: string): Promise<string> {
  const url = `postgres://${ROLE}:${SECRET}@${inPlace(address)}`;
  const connection = new PostgresConnection({ url, access: 'write' });
  onTestFinished(() => connection.close());
  const said = await connection
    .ask(() => one('select ssl from pg_stat_ssl where pid = pg_backend_pid()'))
    .then(JSON.stringify, (thrown: { message: string; mend?: string }) => `${thrown.message} | ${thrown.mend}`);
  for (const secret of [PASSWORD, SECRET, 'postgres://']) expect(said).not.toContain(secret);
  return said;
}

const ROOT = 'sslrootcert=root.pem';
const UNTRUSTED = /a certificate that is not trusted \| .*sslrootcert=/;

test.each<readonly [certificate: string, options: string, said: RegExp]>([
  ['good', `sslmode=verify-full&${ROOT}`, /^{"ssl":1}$/],
  ['good', `sslmode=require`, /^{"ssl":1}$/],
  ['good', 'sslmode=verify-full', UNTRUSTED],
  ['good', `sslmode=verify-full&sslrootcert=other.pem`, UNTRUSTED],
  ['good', `sslmode=verify-ca&sslrootcert=other.pem`, UNTRUSTED],
  ['good', `sslmode=require&sslrootcert=other.pem`, UNTRUSTED],
  [
    'good',
    'sslmode=verify-full&sslrootcert=/nowhere/root.pem',
    /\/nowhere\/root\.pem.*cannot be read \| Correct the path/,
  ],
  ['stranger', `sslmode=verify-full&${ROOT}`, /a certificate of another host \| Write the host/],
  ['stranger', `sslmode=verify-ca&${ROOT}`, /^{"ssl":1}$/],
  ['expired', `sslmode=verify-full&${ROOT}`, /a certificate that has expired \| Renew it/],
  ['expired', `sslmode=verify-ca&${ROOT}`, /a certificate that has expired/],
  ['none', `sslmode=verify-full&${ROOT}`, /does not encrypt connections \| Set it up for TLS/],
  ['none', 'sslmode=require', /does not encrypt connections/],
])('a server that shows a certificate: %s, asked with %s', async (certificate, options, said) => {
  await present(certificate);
  expect(await asked(`127.0.0.1:${server.port}/${database}?${options}`)).toMatch(said);
});

test('over an address that others see nothing is said that is not encrypted, although nothing asks for it', async () => {
  const [address = hostname()] = elsewhere();
  await present('none');
  expect(await asked(`${address}:${server.port}/${database}`)).toMatch(/does not encrypt connections/);
  await present('good');
  expect(await asked(`${address}:${server.port}/${database}`)).toMatch(UNTRUSTED);
  await present('stranger');
  expect(await asked(`${address}:${server.port}/${database}?${ROOT}`)).toMatch(/of another host/);
});

test('a server that is not the right one gets neither the password nor the user', async () => {
  await present('stranger');
  const proxy = await aProxy(server.port);
  expect(await asked(`127.0.0.1:${proxy.port}/${database}?sslmode=verify-full&${ROOT}`)).toMatch(/of another host/);
  await present('none');
  const before = proxy.sent().length;
  expect(await asked(`127.0.0.1:${proxy.port}/${database}?sslmode=verify-full&${ROOT}`)).toMatch(/does not encrypt/);
  // The question whether it encrypts, and nothing more.
  expect(proxy.sent().length - before).toBe(8);
  for (const word of [PASSWORD, ROLE, database]) expect(proxy.sent().includes(word)).toBe(false);
});

test('the program and its doctor say the same', async () => {
  await present('expired');
  const host = aHostAt(inPlace(`127.0.0.1:${server.port}/${database}?sslmode=verify-full&${ROOT}`));
  const [serving, doctor] = await Promise.all([
    runProgram(host, ['serve', '--stdio']),
    runProgram(host, ['doctor', '--offline']),
  ]);
  expect(serving).toMatchObject({ code: 1, stdout: '' });
  expect(serving.stderr).toMatch(/^error STORE_UNAVAILABLE .* shows a certificate that has expired[\s\S]*Renew it/);
  expect(doctor.stdout).toMatch(/store +.*shows a certificate that has expired[\s\S]*Renew it/);
  for (const { stdout, stderr } of [serving, doctor]) expect(stdout + stderr).not.toContain(SECRET);
});
