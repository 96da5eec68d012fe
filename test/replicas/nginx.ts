import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AtEnd, end } from '../e2e/program.ts';

const DOCUMENTED = readFileSync('deploy/nginx.conf', 'utf8');

/** Where nginx listens, and the ports of the gateways behind it. */
export interface Balanced {
  readonly port: number;
  readonly gateways: readonly [number, number, number];
}

export interface Nginx {
  /** What it has answered so far, oldest first. */
  served(): readonly Served[];
}

export interface Served {
  readonly method: string;
  readonly status: number;
  /** Ports of the gateways that were tried; the last one has answered. */
  readonly tried: readonly number[];
}

/** Starts nginx with the documented file, its addresses replaced; resolves when it listens. */
export async function startNginx(balanced: Balanced, atEnd: AtEnd): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-nginx-'));
  atEnd(async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  writeFileSync(join(folder, 'mcp-gateway.conf'), withAddresses(balanced));
  writeFileSync(join(folder, 'nginx.conf'), around(folder));
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  atEnd(() => end(child));
  const failed = new Promise<never>((_, fail) => {
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`nginx ended with ${code}: ${textOf(join(folder, 'error.log'))}`)));
  });
  // Ending it at the end is no failure.
  failed.catch(() => undefined);
  await Promise.race([failed, listens(balanced.port)]);
  return { served: () => linesOf(join(folder, 'served.log')).map(readLine) };
}

/** The documented file as somebody fills it in who has no certificate. */
function withAddresses({ port, gateways }: Balanced): string {
  const places = [
    ...gateways.map((gateway, index) => [`gateway-${index + 1}.example.com:3700`, `127.0.0.1:${gateway}`] as const),
    ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
    ['ssl_certificate /etc/nginx/gateway.example.com.pem;', ''],
    ['ssl_certificate_key /etc/nginx/gateway.example.com.key;', ''],
    ['server_name gateway.example.com;', 'server_name 127.0.0.1;'],
  ] as const;
  return places.reduce((text, [documented, here]) => {
    if (text.split(documented).length !== 2) throw new Error(`deploy/nginx.conf does not say "${documented}" once`);
    return text.replace(documented, here);
  }, DOCUMENTED);
}

/** What a machine's own nginx.conf has around it, with all that is written inside of the folder. */
function around(folder: string): string {
  const written = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'daemon off;',
    'worker_processes 1;',
    `pid ${folder}/nginx.pid;`,
    `error_log ${folder}/error.log warn;`,
    'events { worker_connections 1024; }',
    'http {',
    ...written.map((name) => `  ${name}_temp_path ${folder}/${name};`),
    `  log_format served '$request_method $status $upstream_addr';`,
    `  access_log ${folder}/served.log served;`,
    `  include ${folder}/mcp-gateway.conf;`,
    '}',
    '',
  ].join('\n');
}

async function listens(port: number): Promise<void> {
  const isThere = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => true,
      () => false,
    );
  while (!(await isThere())) await new Promise((settle) => setTimeout(settle, 20));
}

function readLine(line: string): Served {
  const [method = '', status = '', ...addresses] = line.split(' ');
  const tried = addresses.flatMap((address) => /:(\d+)/.exec(address)?.[1] ?? []).map(Number);
  return { method, status: Number(status), tried };
}

function linesOf(file: string): readonly string[] {
  return textOf(file)
    .split('\n')
    .filter((line) => line !== '');
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
