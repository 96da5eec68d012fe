import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { GatewayError, messageOf } from '../core/errors.ts';
import { variable } from './environment.ts';
import type { Program, ProgramContext } from './program.ts';

/** The policy bundle that ships with a server: a folder or a `.tar.gz` on this machine. */
export interface CarriedBundle {
  readonly path: string;
  /** SHA-256 that the author says the bundle has, hex; empty where nothing is said. */
  readonly digest: string;
  /** Hash of the tool definitions that the bundle was written for; empty where nothing is said. */
  readonly toolsHash: string;
}

/** What of a `package.json` says whose server it is. */
export interface PackageFacts {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
}

const Descriptor = z.strictObject({
  contract: z.literal(1, 'must be 1, the only contract this version knows'),
  bundle: z.string().min(1),
  digest: z
    .string()
    .regex(/^(?:sha256:)?[0-9a-f]{64}$/u, 'must be a SHA-256 in hex')
    .optional(),
  tools: z.strictObject({ hash: z.string().min(1) }).optional(),
  docs: z.string().optional(),
});
type Descriptor = z.output<typeof Descriptor>;

const PackageJson = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  mcpPolicy: z.unknown().optional(),
});
type PackageJson = z.output<typeof PackageJson>;

const POLICY_FOLDER = 'mcp-policy';
const NODE = /^node(?:\.exe)?$/iu;
/** Programs whose first argument that is a file is the server. Of others nobody can say what an argument is. */
const INTERPRETER = /^(?:python[\d.]*|bun|deno|tsx|ts-node|ruby|php|bash|sh|uv)(?:\.exe)?$/iu;
/** Options of Node that take the next argument as their value. */
const NODE_OPTIONS_WITH_VALUE: ReadonlySet<string> = new Set(
  (
    '-r --require --import --loader --experimental-loader -C --conditions --env-file --env-file-if-exists --title ' +
    '--inspect-port --debug-port --icu-data-dir --openssl-config --redirect-warnings --trace-event-categories --disable-warning ' +
    '--diagnostic-dir --stack-trace-limit --localstorage-file --experimental-default-type'
  ).split(' '),
);
/** With these Node runs no script. */
const NODE_WITHOUT_SCRIPT: ReadonlySet<string> = new Set([
  '-e',
  '--eval',
  '-p',
  '--print',
  '-i',
  '--interactive',
  '--run',
]);

/** The folder in which what belongs to the server lies, or undefined where the command line does not tell. */
export function carrierFolder(program: Program, cwd: string, context: ProgramContext): string | undefined {
  const script = scriptOf(program, cwd, context);
  if (script === undefined || !isFile(script)) return undefined;
  const start = path.dirname(realpathSync(script));
  return packageFolderAbove(start) ?? (existsSync(path.join(start, POLICY_FOLDER)) ? start : undefined);
}

/** The program that a specifier of npm stands for, where it is one that runs the script it is given. */
export function interpreterOf(spec: string): string | undefined {
  const name = spec.replace(/(?<=.)@.*$/u, '');
  return INTERPRETER.test(name) ? name : undefined;
}

/** Name, version and programs of the package in this folder; empty where it has none. */
export function packageFacts(folder: string): PackageFacts {
  const { name = '', version = '', bin = {} } = readPackageJson(folder) ?? {};
  const unscoped = name.slice(name.lastIndexOf('/') + 1);
  return { folder, name, version, bin: typeof bin === 'string' ? { [unscoped]: bin } : bin };
}

/**
 * The bundle that a server's package carries: what `package.json#mcpPolicy` names (a path or a descriptor), else the
 * folder `mcp-policy/`. Throws BUNDLE_UNREADABLE when it names something that is not there, so that a server whose author
 * wrote a policy never runs without it.
 */
export function carriedBundle(folder: string): CarriedBundle | undefined {
  const named = readPackageJson(folder)?.mcpPolicy;
  if (named !== undefined) return namedBundle(folder, named);
  const shipped = path.join(folder, POLICY_FOLDER);
  if (!existsSync(shipped)) return undefined;
  const archive = path.join(shipped, 'bundle.tar.gz');
  const isPacked = existsSync(archive) && !existsSync(path.join(shipped, '.manifest'));
  return { path: isPacked ? archive : shipped, digest: '', toolsHash: '' };
}

function namedBundle(folder: string, named: unknown): CarriedBundle {
  const descriptor = typeof named === 'string' ? { bundle: named } : parseDescriptor(folder, named);
  const { bundle, digest = '', tools } = descriptor;
  if (/^[a-z][a-z0-9+.-]+:\/\//iu.test(bundle)) {
    throw new GatewayError('NOT_BUILT', `mcpPolicy in ${packageJsonOf(folder)} names a remote bundle.`, {
      mend: 'Ship the bundle inside the package, or set `policy.source` to a folder.',
    });
  }
  const found = path.resolve(folder, bundle);
  if (!existsSync(found)) throw unreadable(folder, `names ${JSON.stringify(bundle)}, which is not there`);
  if (!isWithin(realpathSync(folder), realpathSync(found))) {
    throw unreadable(folder, `names ${JSON.stringify(bundle)}, which lies outside the package`);
  }
  return { path: found, digest: digest.replace('sha256:', ''), toolsHash: tools?.hash ?? '' };
}

function parseDescriptor(folder: string, named: unknown): Partial<Descriptor> & Pick<Descriptor, 'bundle'> {
  const parsed = Descriptor.safeParse(named);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => [...issue.path.map(String), issue.message].join(' '));
  throw unreadable(folder, `is neither a path nor a descriptor: ${problems.join('; ')}`);
}

function scriptOf({ command, args }: Program, cwd: string, context: ProgramContext): string | undefined {
  const name = command.slice(Math.max(command.lastIndexOf('/'), command.lastIndexOf('\\')) + 1);
  if (NODE.test(name) || command === context.nodePath) return resolveScript(nodeScript(args), cwd);
  if (INTERPRETER.test(name)) {
    if (isPythonModule(name, args)) return undefined;
    return args
      .map((arg) => path.resolve(cwd, arg))
      .find((file, index) => args[index]?.startsWith('-') === false && isFile(file));
  }
  if (name !== command) return path.resolve(cwd, command);
  return installedProgram(command, context);
}

/** `python -m module file`: the file is not what runs. */
function isPythonModule(name: string, args: readonly string[]): boolean {
  return /^python/iu.test(name) && args.find((arg) => arg === '-m' || !arg.startsWith('-')) === '-m';
}

function nodeScript(args: readonly string[]): string | undefined {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') return args[at + 1];
    if (NODE_WITHOUT_SCRIPT.has(arg)) return undefined;
    if (NODE_OPTIONS_WITH_VALUE.has(arg)) at++;
    else if (!arg.startsWith('-')) return arg;
  }
  return undefined;
}

/** As Node itself finds it: with or without its ending, or a folder with an `index.js` or a `main`. */
function resolveScript(script: string | undefined, cwd: string): string | undefined {
  if (script === undefined) return undefined;
  const base = path.resolve(cwd, script);
  const candidates = [
    base,
    `${base}.js`,
    `${base}.mjs`,
    `${base}.cjs`,
    path.join(base, 'package.json'),
    path.join(base, 'index.js'),
  ];
  return candidates.find(isFile);
}

/** A bare name on the path counts where it leads into a package, as the programs of globally installed packages do. */
function installedProgram(command: string, { environment, platform }: ProgramContext): string | undefined {
  if (platform === 'win32') return undefined;
  const folders = (variable(environment, 'PATH', platform) ?? '').split(':').filter(Boolean);
  const found = folders.map((folder) => path.join(folder, command)).find(isFile);
  return found !== undefined && realpathSync(found).split(path.sep).includes('node_modules') ? found : undefined;
}

/** A `package.json` without a name (many builds put one beside their output) is not the package's own. */
function packageFolderAbove(start: string): string | undefined {
  for (let folder = start; path.basename(folder) !== 'node_modules'; folder = path.dirname(folder)) {
    if (readPackageJson(folder)?.name !== undefined) return folder;
    if (path.dirname(folder) === folder) return undefined;
  }
  return undefined;
}

function readPackageJson(folder: string): PackageJson | undefined {
  const file = packageJsonOf(folder);
  if (!isFile(file)) return undefined;
  try {
    return PackageJson.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new GatewayError('BUNDLE_UNREADABLE', `${file} cannot be read: ${messageOf(cause)}.`, { cause });
  }
}

function packageJsonOf(folder: string): string {
  return path.join(folder, 'package.json');
}

function unreadable(folder: string, what: string): GatewayError {
  return new GatewayError('BUNDLE_UNREADABLE', `mcpPolicy in ${packageJsonOf(folder)} ${what}.`);
}

function isWithin(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}
