import { execFileSync, spawn } from 'node:child_process';
import { createSign, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../e2e/free-port.ts';
import { basicAuthorization } from '../../src/source/http-get.ts';
import { startService } from '../source/a-bundle-service.ts';

export interface RealRegistry {
  /** Host and port. */
  readonly host: string;
  /** Queries with which tokens were asked for. */
  readonly tokensAsked: () => readonly string[];
  close(): void;
}

export interface Reader {
  readonly username: string;
  readonly password: string;
}

/** Debian's registry, which lets in who has a token, and the service that gives such tokens to one reader. */
export async function startRegistry(folder: string, reader: Reader): Promise<RealRegistry> {
  mkdirSync(folder, { recursive: true });
  const [key, certificate] = [join(folder, 'tokens.key'), join(folder, 'tokens.crt')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=tokens'];
  execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  const tokens = await startService((asked, response) => {
    const { username, password } = reader;
    if (asked.headers.authorization !== basicAuthorization(username, password)) return response.writeHead(401).end();
    const { searchParams } = new URL(asked.url ?? '', 'http://x');
    return response.end(JSON.stringify({ token: tokenFor(searchParams.getAll('scope'), { key, certificate }) }));
  });
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'registry.yml');
  writeFileSync(config, configuration({ folder, host, realm: `${tokens.url}token`, certificate }));
  const registry = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  await reachable(`http://${host}/v2/`);
  const close = (): void => {
    registry.kill();
    tokens.close();
  };
  return { host, tokensAsked: () => tokens.seen.map(({ url }) => url), close };
}

interface Configured {
  readonly folder: string;
  readonly host: string;
  readonly realm: string;
  readonly certificate: string;
}

const SERVICE = 'registry.northwind.example';
const ISSUER = 'tokens.northwind.example';

function configuration({ folder, host, realm, certificate }: Configured): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: host },
    auth: { token: { realm, service: SERVICE, issuer: ISSUER, rootcertbundle: certificate } },
  });
}

/** Source: distribution, "Token Authentication Implementation". */
function tokenFor(
  scopes: readonly string[],
  { key, certificate }: { readonly key: string; readonly certificate: string },
): string {
  const access = scopes
    .flatMap((scope) => scope.split(' '))
    .map((scope) => {
      const [type = '', name = '', actions = ''] = scope.split(':');
      return { type, name, actions: actions.split(',') };
    });
  const now = Math.floor(Date.now() / 1000);
  const chain = [readFileSync(certificate, 'utf8').replaceAll(/-----[^-]+-----|\s/g, '')];
  const header = { typ: 'JWT', alg: 'RS256', x5c: chain };
  const claims = {
    iss: ISSUER,
    sub: 'reader',
    aud: SERVICE,
    exp: now + 300,
    nbf: now - 10,
    iat: now,
    jti: randomUUID(),
    access,
  };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createSign('RSA-SHA256').update(text).sign(readFileSync(key), 'base64url')}`;
}

async function reachable(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined) return;
    await wait(50);
  }
  throw new Error(`${url} was not there within ten seconds`);
}
