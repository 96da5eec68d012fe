import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  type Stats,
  statfsSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, type HealthFinding, ok, type Subject, warn } from './doctor.ts';
import { SHIPPED_ANSWERS } from './policies.ts';
import { messageOf } from '../core/errors.ts';
import { packageUrl } from '../core/package-url.ts';
import { chooseDriver } from '../state/drivers.ts';

/** As `engines` of the package has it. */
const OLDEST_NODE = [20, 19] as const;

export function checkNode({ nodeVersion }: Pick<Subject, 'nodeVersion'>): readonly HealthFinding[] {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  if (major > oldest || (major === oldest && minor >= oldestMinor)) return [ok('node', `v${nodeVersion}`)];
  const needed = `Node ${String(oldest)}.${String(oldestMinor)} or later is needed`;
  return [fail('node', `v${nodeVersion}; ${needed}`, 'install a newer Node from https://nodejs.org')];
}

export function checkDriver(): readonly HealthFinding[] {
  try {
    return [ok('driver', chooseDriver().name)];
  } catch (thrown) {
    return [fail('driver', messageOf(thrown), 'npm rebuild better-sqlite3')];
  }
}

/** What lies in the home folder and is nobody else's to read. */
const PRIVATE = /\.(key|pem|db|db-wal|db-shm)$|^(secrets|tokens|sign-ins)/;
const OTHERS = 0o077;

/** The folder and the private files in it. */
export function checkHome({ home, modesMean }: Pick<Subject, 'home' | 'modesMean'>): readonly HealthFinding[] {
  const stats = statsOf(home);
  if (stats === undefined) {
    return [{ ...warn('home', `there is no folder ${home} yet`, 'mcp-gateway doctor --fix'), fix: makes(home) }];
  }
  if (!stats.isDirectory()) return [fail('home', `${home} is not a folder`, `mv ${home} ${home}.old`)];
  if (!modesMean) return [ok('home', home)];
  const open = [home, ...privateFiles(home)].filter((path) => ((statsOf(path)?.mode ?? 0) & OTHERS) !== 0);
  if (open.length === 0) return [ok('home', home)];
  const words = `others can read ${open.length === 1 ? (open[0] ?? '') : `${String(open.length)} of its files: ${open.join(', ')}`}`;
  return [{ ...warn('home', words, 'mcp-gateway doctor --fix'), fix: closes(open) }];
}

function makes(folder: string): () => Promise<string> {
  return async () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return `made ${folder}`;
  };
}

/** Group and others lose what they could; what the owner can stays. */
function closes(paths: readonly string[]): () => Promise<string> {
  return async () => {
    for (const path of paths) chmodSync(path, (statsOf(path)?.mode ?? 0o600) & 0o700);
    return `closed ${paths.join(', ')} to others`;
  };
}

function privateFiles(home: string): readonly string[] {
  return readdirSync(home)
    .filter((name) => PRIVATE.test(name))
    .map((name) => join(home, name))
    .filter((path) => statsOf(path)?.isFile() === true);
}

function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Whether all that decides came with the package. */
export function checkToolchain(): readonly HealthFinding[] {
  const missing = ['rego/toolchain.wasm.br', 'rego/toolchain.json'].filter(
    (file) => !existsSync(packageUrl(file, import.meta.url)),
  );
  if (missing.length > 0)
    return [fail('toolchain', `the package lacks ${missing.join(', ')}`, 'npm install -g mcp-gateway')];
  const { opa } = toolchainFacts();
  if (existsSync(SHIPPED_ANSWERS)) return [ok('toolchain', `OPA ${opa}`)];
  return [
    warn(
      'toolchain',
      `OPA ${opa}; the starter bundles are not compiled, so the first start takes longer`,
      'npm run build',
    ),
  ];
}

function toolchainFacts(): { readonly opa: string } {
  try {
    const facts: unknown = JSON.parse(readFileSync(packageUrl('rego/toolchain.json', import.meta.url), 'utf8'));
    const opa = typeof facts === 'object' && facts !== null && 'opa' in facts ? facts.opa : '';
    return { opa: typeof opa === 'string' && opa !== '' ? opa : 'of an unknown version' };
  } catch {
    return { opa: 'of an unknown version' };
  }
}

/** Below this a log that grows by 2 KB a call is full within days, and a gateway that cannot record refuses. */
const LEAST_FREE_BYTES = 512 * 1024 * 1024;

/** Whether there is room where the store lies. */
export function checkDisk(path: string): readonly HealthFinding[] {
  const folder = nearestFolder(path);
  try {
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    const words = `${gigabytes(free)} GB free at ${folder}`;
    if (free >= LEAST_FREE_BYTES) return [ok('disk', words)];
    return [fail('disk', `only ${words}; what cannot be recorded is refused`, `df -h ${folder}`)];
  } catch (thrown) {
    return [warn('disk', `it cannot be told how much room there is: ${messageOf(thrown)}`, `df -h ${folder}`)];
  }
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? path : nearestFolder(parent);
}

function gigabytes(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
