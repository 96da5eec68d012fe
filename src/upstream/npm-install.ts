import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Environment } from './environment.ts';
import { plainText } from './plain-text.ts';
import { programOf } from './program.ts';
import type { Host } from './stdio.ts';

export interface InstallOptions {
  /** Folder that holds the installed servers. */
  readonly servers: string;
  readonly host: Host;
  /** Where relative paths begin. */
  readonly cwd: string;
  /** What was installed before and is kept in the store; it is installed again rather than something newer. */
  readonly known?: KnownPackage | undefined;
  /** What somebody has accepted: it is found or installed again, and nothing else is. */
  readonly accepted?: AcceptedPackage | undefined;
  /** Whether npm is asked although something was installed for the specifier before. */
  readonly isFresh?: boolean | undefined;
  readonly registry?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface KnownPackage {
  readonly version: string;
  /** As in a lock file of npm: `sha512-…`. */
  readonly integrity: string;
}

export interface AcceptedPackage extends KnownPackage {
  readonly name: string;
}

export interface InstalledPackage extends AcceptedPackage {
  /** The folder of the package itself. */
  readonly folder: string;
}

const INSTALL_TIMEOUT_MS = 300_000;
const REGISTRY_SPEC = /^(?<name>(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*)(?:@(?<range>[^/:]+))?$/iu;
const EXACT_VERSION = /^\d+\.\d+\.\d+(?:[-+].*)?$/u;
/** Settings that `npm run` hands down to what it runs, and that would install to another place or nothing at all. */
const MISLEADING =
  /^npm_config_(?:global|location|prefix|local_prefix|global_prefix|workspaces?|include_workspace_root|dry_run|omit|package_lock|package_lock_only)$/iu;

const LockFile = z.looseObject({
  packages: z.record(z.string(), z.looseObject({ version: z.string().optional(), integrity: z.string().optional() })),
});
const Manifest = z.looseObject({ dependencies: z.record(z.string(), z.string()).default({}) });
const Note = z.object({ root: z.string(), name: z.string() });
type Note = z.output<typeof Note>;

/**
 * The package that a specifier of npm stands for, installed once with the person's own npm and found again afterwards:
 * what `npx` would fetch at every start stays what it was until someone updates it. Install scripts run or not as that npm
 * is configured, just as under npx. Throws UPSTREAM_UNAVAILABLE when npm fails, or when what it fetched is not `known`.
 */
export async function installOnce(spec: string, options: InstallOptions): Promise<InstalledPackage> {
  await mkdir(options.servers, { recursive: true, mode: 0o700 });
  const there = await findAccepted(options);
  if (there !== undefined) return there;
  const wanted = await identify(spec, options);
  const noted = options.isFresh === true ? undefined : await readNote(wanted.noteFile);
  const found = noted === undefined ? undefined : await readInstalled(noted);
  if (found !== undefined && isAccepted(found, options)) return checked(found, wanted.known);
  const scratch = path.join(options.servers, `.new-${randomUUID()}`);
  try {
    await npmInstall(scratch, wanted.spec, options);
    const installed = await settle(scratch, wanted, options.servers);
    await writeNote(wanted.noteFile, installed.note);
    return installed.package;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Wanted {
  readonly spec: string;
  readonly known: KnownPackage | undefined;
  readonly noteFile: string;
  /** Tells packages of one name and version apart that did not come from the registry. */
  readonly suffix: string;
}

/** What was accepted and installed before lies there still, whatever it was installed by. */
async function findAccepted({ accepted, servers }: InstallOptions): Promise<InstalledPackage | undefined> {
  if (accepted === undefined || accepted.integrity === '') return undefined;
  const folder = `${accepted.name.replace('/', '+')}@${accepted.version}`;
  const names = (await readdir(servers)).filter((name) => name === folder || name.startsWith(`${folder}+`));
  for (const name of names) {
    const found = await readInstalled({ root: path.join(servers, name), name: accepted.name });
    if (found?.integrity === accepted.integrity) return found;
  }
  return undefined;
}

function isAccepted(found: InstalledPackage, { accepted }: InstallOptions): boolean {
  if (accepted === undefined || accepted.integrity === '') return true;
  return found.name === accepted.name && found.integrity === accepted.integrity;
}

async function identify(spec: string, options: InstallOptions): Promise<Wanted> {
  const { accepted, isFresh, cwd, servers, registry = '' } = options;
  const known = accepted ?? (isFresh === true ? undefined : options.known);
  const { name, range = '' } = REGISTRY_SPEC.exec(spec)?.groups ?? {};
  const local = name === undefined || /\.tgz$/iu.test(spec) ? await localFile(spec, cwd) : undefined;
  const isFixed = accepted === undefined && EXACT_VERSION.test(range);
  const isKnown =
    known !== undefined &&
    (local === undefined ? name !== undefined && (!isFixed || range === known.version) : accepted !== undefined);
  const exact = local?.file ?? (isKnown ? `${name ?? ''}@${known.version}` : spec);
  const key = createHash('sha256')
    .update([exact, local?.version ?? '', registry].join('\n'))
    .digest('hex');
  const suffix = name !== undefined && local === undefined ? '' : `+${key.slice(0, 8)}`;
  return {
    spec: exact,
    known: isKnown ? known : undefined,
    noteFile: path.join(servers, `.${key.slice(0, 32)}.json`),
    suffix,
  };
}

/** An archive or a folder on this machine; it is another one as soon as it is written anew. */
async function localFile(
  spec: string,
  cwd: string,
): Promise<{ readonly file: string; readonly version: string } | undefined> {
  const file = path.resolve(cwd, spec.replace(/^file:/u, ''));
  const found = await stat(file).catch(() => undefined);
  return found === undefined ? undefined : { file, version: `${found.size} ${found.mtimeMs}` };
}

async function npmInstall(scratch: string, spec: string, options: InstallOptions): Promise<void> {
  const { host, registry = '', signal, timeoutMs = INSTALL_TIMEOUT_MS } = options;
  await mkdir(scratch, { mode: 0o700 });
  await writeFile(path.join(scratch, 'package.json'), '{"private":true}\n');
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--no-progress', '--loglevel=error'];
  const kept = ['--save', '--package-lock', '--omit=dev', '--install-links', '--prefix', scratch];
  const source = registry === '' ? [] : [`--registry=${registry}`];
  const npm = programOf({ command: 'npm', args: ['install', ...quiet, ...kept, ...source, '--', spec] }, host);
  await new Promise<void>((resolve, reject) => {
    const settings = { cwd: scratch, env: npmEnvironment(host.environment), timeout: timeoutMs, windowsHide: true };
    execFile(
      npm.command,
      npm.args,
      { ...settings, ...(signal === undefined ? {} : { signal }) },
      (error, _stdout, stderr) => {
        if (error === null) resolve();
        else reject(notInstalled(spec, stderr.trim() === '' ? messageOf(error) : stderr, error));
      },
    );
  });
}

function npmEnvironment(environment: Environment): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !MISLEADING.test(name)));
}

/** Moves what was installed to its place. Whoever comes second finds the place taken, and uses what is there. */
async function settle(
  scratch: string,
  wanted: Wanted,
  servers: string,
): Promise<{ readonly note: Note; readonly package: InstalledPackage }> {
  const manifest = Manifest.parse(JSON.parse(await readFile(path.join(scratch, 'package.json'), 'utf8')));
  const [name] = Object.keys(manifest.dependencies);
  const fresh = name === undefined ? undefined : await readInstalled({ root: scratch, name });
  if (name === undefined || fresh === undefined) throw notInstalled(wanted.spec, 'npm installed no package');
  checked(fresh, wanted.known);
  const root = path.join(servers, `${name.replace('/', '+')}@${fresh.version}${wanted.suffix}`);
  await rename(scratch, root).catch((error: unknown) => {
    if (!existsSync(root)) throw error;
  });
  const note = { root, name };
  const settled = await readInstalled(note);
  if (settled === undefined) throw notInstalled(wanted.spec, `${root} holds something else; remove it`);
  return { note, package: checked(settled, wanted.known) };
}

async function readInstalled({ root, name }: Note): Promise<InstalledPackage | undefined> {
  try {
    const lock = LockFile.parse(JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')));
    const { version = '', integrity = '' } = lock.packages[`node_modules/${name}`] ?? {};
    const folder = path.join(root, 'node_modules', ...name.split('/'));
    return version === '' || !existsSync(folder) ? undefined : { name, version, integrity, folder };
  } catch {
    return undefined;
  }
}

function checked(installed: InstalledPackage, known: KnownPackage | undefined): InstalledPackage {
  if (known === undefined || known.integrity === '' || known.integrity === installed.integrity) return installed;
  const { name, version } = installed;
  throw new GatewayError(
    'UPSTREAM_PROTOCOL',
    `The package ${name}@${version} is not the one that was accepted: its contents differ.`,
    {
      mend: 'Find out why before you run it. Naming its version exactly in the configuration accepts that one.',
    },
  );
}

async function readNote(file: string): Promise<Note | undefined> {
  try {
    return Note.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function writeNote(file: string, note: Note): Promise<void> {
  const scratch = `${file}.${randomUUID()}`;
  await writeFile(scratch, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  await rename(scratch, file);
}

function notInstalled(spec: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'UPSTREAM_UNAVAILABLE',
    `npm cannot install ${JSON.stringify(spec)}: ${plainText(why, 400)}.`,
    { cause },
  );
}
