import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { familyOf, isThere, sendAll, signalAll } from './server-processes.ts';

/** Who runs the server's processes where the tests are run by root, which PostgreSQL refuses. */
const SERVER_USER = 'postgres';
/** The role that the gateway signs in as: no superuser, and owner of its databases. */
export const ROLE = 'gateway';
export const PASSWORD = 'p@ss/word:1';
const SUPERUSER = 'postgres';
const SUPER_PASSWORD = 'super';
const OLDEST = 15;

/** What a test may do to a PostgreSQL of its own. Each of these answers when it has happened. */
export interface PostgresServer {
  readonly port: number;
  /** The address for the gateway's role, through the loopback interface. */
  url(database: string): string;
  /** The same for the superuser. */
  adminUrl(database: string): string;
  /** Makes an empty database that belongs to the gateway's role, and answers its name. */
  createDatabase(): Promise<string>;
  /** One statement as superuser. */
  query(sql: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  /** Runs one of PostgreSQL's programs as superuser, such as `pg_dump`. */
  tool(name: string, ...args: readonly string[]): string;
  start(): Promise<void>;
  /** Ends at once and in order, as `systemctl stop` does ("fast"). */
  stop(): Promise<void>;
  /** `kill -9` of the whole server: what it had not written is lost. */
  kill(): Promise<void>;
  /** Another server that follows this one and may be read from; `select pg_promote()` makes it one of its own. */
  standby(): Promise<PostgresServer>;
  /** Every process of it stands still, with its connections open, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes all it has written. */
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Lines of `postgresql.conf`. */
  readonly settings?: readonly string[];
  /** Sees the folder that the server is made in, which is its own, before it is; its files lie in `data` there. */
  readonly prepare?: (folder: string) => void;
  /** The folder beside `data` for the server's own log of changes, which lies in `data` otherwise. */
  readonly waldir?: string;
  /** More arguments of `initdb`. */
  readonly initdb?: readonly string[];
}

/** A server with its files in a folder of its own. */
export async function startPostgres(options: ServerOptions = {}): Promise<PostgresServer> {
  const { settings = [], prepare, waldir, initdb = [] } = options;
  const home = await aServerHome();
  prepare?.(home.folder);
  initialise(home, [...(waldir === undefined ? [] : ['-X', join(home.folder, waldir)]), ...initdb]);
  const fixed = [
    `listen_addresses = '127.0.0.1'`,
    'max_connections = 50',
    `shared_buffers = '32MB'`,
    'log_min_messages = panic',
  ];
  writeFileSync(join(home.data, 'postgresql.conf'), [...fixed, ...settings, ''].join('\n'));
  const server = await startIn(home);
  await server.query(`create role ${ROLE} login password '${PASSWORD}'`);
  return server;
}

interface ServerHome {
  readonly folder: string;
  readonly data: string;
  readonly port: number;
}

async function aServerHome(): Promise<ServerHome> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpg-postgres-'));
  const owner = serverOwner();
  if (owner !== undefined) chownSync(folder, ...owner);
  return { folder, data: join(folder, 'data'), port: await freePort() };
}

async function startIn({ folder, data, port }: ServerHome): Promise<PostgresServer> {
  let running: ChildProcess | undefined;
  let made = 0;
  const admin = (database: string): string => addressOf({ user: SUPERUSER, password: SUPER_PASSWORD, port, database });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = running;
    running = undefined;
    if (child === undefined || hasEnded(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const processes = familyOf(child);
    child.kill(signal);
    if (signal === 'SIGKILL') sendAll(processes, 'SIGKILL');
    await ended;
    await waitUntil(async () => processes.every((pid) => !isThere(pid)));
  };
  // A test run that breaks off leaves no server behind.
  const atExit = (): void => void running?.kill('SIGQUIT');
  process.on('exit', atExit);

  const server: PostgresServer = {
    port,
    url: (database) => addressOf({ user: ROLE, password: PASSWORD, port, database }),
    adminUrl: admin,
    async createDatabase() {
      made += 1;
      const name = `store_${process.pid}_${made}_${Date.now().toString(36)}`;
      await server.query(`create database ${name} owner ${ROLE}`);
      return name;
    },
    async query(sql, database = 'postgres') {
      const client = new pg.Client({ connectionString: admin(database) });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(sql)).rows;
      } finally {
        await client.end();
      }
    },
    tool: (name, ...args) => runTool(name, port, args),
    async start() {
      // After a kill, the memory that the old processes shared may be held for a moment yet.
      for (let attempt = 1; attempt <= 50; attempt += 1) {
        const place = ['-D', data, '-p', String(port), '-k', folder];
        if (running === undefined || hasEnded(running)) running = spawnAsServer(join(programsOf(), 'postgres'), place);
        if (await isReady(running, admin('postgres'))) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error('PostgreSQL does not start; its words are above');
    },
    stop: () => end('SIGINT'),
    kill: () => end('SIGKILL'),
    async standby() {
      const home = await aServerHome();
      const from = `postgres://${SUPERUSER}:${SUPER_PASSWORD}@127.0.0.1:${port}/postgres`;
      // It keeps in its settings from whom it takes what it follows.
      const copying = ['-d', from, '-D', home.data, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
      const [command, ...args] = asServer(join(programsOf(), 'pg_basebackup'), copying);
      execFileSync(command, args, { cwd: tmpdir(), stdio: ['ignore', 'ignore', 'inherit'] });
      return startIn(home);
    },
    freeze: () => signalAll(running, 'SIGSTOP'),
    thaw: () => signalAll(running, 'SIGCONT'),
    async close() {
      process.off('exit', atExit);
      signalAll(running, 'SIGCONT');
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function runTool(name: string, port: number, args: readonly string[]): string {
  const where = ['-h', '127.0.0.1', '-p', String(port), '-U', SUPERUSER];
  return execFileSync(join(programsOf(), name), [...where, ...args], {
    env: { ...process.env, PGPASSWORD: SUPER_PASSWORD },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Folder of the newest PostgreSQL that is installed and new enough. */
function programsOf(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).map(Number) : [];
  const newest = versions.filter((version) => version >= OLDEST).toSorted((one, other) => other - one)[0];
  if (newest !== undefined) return join(root, String(newest), 'bin');
  const found = (process.env['PATH'] ?? '').split(':').find((path) => existsSync(join(path, 'initdb')));
  if (found !== undefined) return found;
  throw new Error(`PostgreSQL ${OLDEST} or later is not installed: test/postgres/install.sh installs it on Debian`);
}

function initialise({ folder, data }: ServerHome, more: readonly string[]): void {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, SUPER_PASSWORD);
  const files = ['-D', data, '-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  // The disk is not waited for here; the server itself does wait for it.
  const options = ['-E', 'UTF8', '--locale=C', '--no-sync', ...more];
  const [command, ...args] = asServer(join(programsOf(), 'initdb'), [...files, ...options]);
  execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

function spawnAsServer(program: string, args: readonly string[]): ChildProcess {
  const [command, ...rest] = asServer(program, args);
  return spawn(command, rest, { cwd: tmpdir(), stdio: ['ignore', 'ignore', 'inherit'] });
}

function asServer(program: string, args: readonly string[]): readonly [string, ...string[]] {
  if (!isRoot()) return [program, ...args];
  const identity = [`--reuid=${SERVER_USER}`, `--regid=${SERVER_USER}`, '--clear-groups'];
  return ['setpriv', ...identity, program, ...args];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The numbers of the user and the group that its processes run as; undefined where that is who runs the tests. */
export function serverOwner(): readonly [number, number] | undefined {
  return isRoot() ? [userNumber('-u'), userNumber('-g')] : undefined;
}

function userNumber(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, SERVER_USER], { encoding: 'utf8' }));
}

interface Address {
  readonly user: string;
  readonly password: string;
  readonly port: number;
  readonly database: string;
}

function addressOf({ user, password, port, database }: Address): string {
  return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/** False where it has ended instead. */
async function isReady(child: ChildProcess, url: string): Promise<boolean> {
  let isThereNow = false;
  await waitUntil(async () => {
    isThereNow = await answers(url);
    return isThereNow || child.exitCode !== null;
  });
  return isThereNow;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

export async function waitUntil(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
