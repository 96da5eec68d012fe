import { parseNpx } from './npx.ts';
import type { Program } from './program.ts';

/** Where a name of a package is looked up: on npm, on PyPI, or as an image of a container. */
export type PackageKind = 'npm' | 'pypi' | 'image';

/** The package that a command line names, as far as it does. */
export interface NamedPackage {
  readonly kind: PackageKind;
  readonly name: string;
  /** Empty where the command line leaves it to what is newest, or already there. */
  readonly version: string;
}

const EXACT_VERSION = /^v?\d+(?:\.\d+)*(?:[-+.]?[0-9a-z][0-9a-z.+-]*)?$/iu;
const NPM_SPEC = /^(?<name>(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*)(?:@(?<version>[^/:]+))?$/iu;
const PYPI_SPEC = /^(?<name>[a-z0-9][\w.-]*)(?:\[[^\]]*\])?(?:(?:@|==)(?<version>[^,;\s]+)|[<>~!=].*)?$/iu;
const IMAGE =
  /^(?:docker\.io\/)?(?<name>[a-z0-9][\w./-]*?(?::\d+\/[\w./-]+)?)(?::(?<tag>[\w.-]+))?(?:@sha256:[0-9a-f]+)?$/iu;

/** Programs that fetch a package of npm and run it: how the words before its name begin. */
const NPM_RUNNERS: readonly (readonly string[])[] = [
  ['bunx'],
  ['bun', 'x'],
  ['pnpm', 'dlx'],
  ['pnpx'],
  ['yarn', 'dlx'],
];
const PYPI_RUNNERS: readonly (readonly string[])[] = [['uvx'], ['uv', 'tool', 'run'], ['pipx', 'run']];
const CONTAINER_RUNNERS: readonly (readonly string[])[] = [
  ['docker', 'run'],
  ['docker', 'container', 'run'],
  ['podman', 'run'],
  ['nerdctl', 'run'],
];

/** Options without a value; every other is taken to have one. Of a runner of npm, nearly none has. */
const NPM_WITH_VALUE: ReadonlySet<string> = new Set(['--package', '-p', '--registry', '--reporter', '--dir', '-C']);
const PYPI_WITHOUT_VALUE: ReadonlySet<string> = new Set(
  (
    '-q --quiet -v --verbose -n --no-cache --isolated --no-config --offline --refresh --reinstall --upgrade -U --no-index ' +
    '--no-progress --native-tls --no-build --no-binary --no-sources --managed-python --no-managed-python --verify --pyproject'
  ).split(' '),
);
const CONTAINER_WITHOUT_VALUE: ReadonlySet<string> = new Set(
  (
    '--rm --interactive --tty --detach --init --privileged --publish-all --read-only --quiet --no-healthcheck ' +
    '--oom-kill-disable --disable-content-trust --sig-proxy --replace --tls-verify'
  ).split(' '),
);

/**
 * What `npx PKG`, `uvx PKG`, `pipx run PKG`, `python -m module`, `docker run IMAGE` and their like name. It says nothing
 * about what a program of one's own, an address of a repository or a shell would run: that has no name.
 */
export function namedPackage({ command, args }: Program): NamedPackage | undefined {
  const base = command.slice(Math.max(command.lastIndexOf('/'), command.lastIndexOf('\\')) + 1);
  const words = [base.replace(/\.(?:exe|cmd|bat)$/iu, '').toLowerCase(), ...args];
  const npx = parseNpx({ command, args });
  if (npx !== undefined) return npx.registry === '' ? named('npm', NPM_SPEC, npx.spec) : undefined;
  if (/^python[\d.]*$/u.test(words[0] ?? '')) return pythonModule(args);
  return ofNpm(words) ?? ofPyPi(words) ?? ofContainer(words);
}

function ofNpm(words: readonly string[]): NamedPackage | undefined {
  const rest = afterRunner(words, NPM_RUNNERS);
  if (rest === undefined) return undefined;
  const read = readOptions(rest, (option) => NPM_WITH_VALUE.has(option));
  if (read.values.has('--registry')) return undefined;
  return named('npm', NPM_SPEC, read.values.get('--package') ?? read.values.get('-p') ?? read.first);
}

function ofPyPi(words: readonly string[]): NamedPackage | undefined {
  const rest = afterRunner(words, PYPI_RUNNERS);
  if (rest === undefined) return undefined;
  const { first, values } = readOptions(rest, (option) => !PYPI_WITHOUT_VALUE.has(option));
  // Another index may hold something else under the same name.
  if (['--index', '--index-url', '-i', '--default-index', '--pip-args'].some((option) => values.has(option))) {
    return undefined;
  }
  return normalised(named('pypi', PYPI_SPEC, values.get('--from') ?? values.get('--spec') ?? first));
}

/** The reference servers are started so; others have modules that are not called like their packages. */
function pythonModule(args: readonly string[]): NamedPackage | undefined {
  const at = args.findIndex((arg) => arg === '-m' || !arg.startsWith('-'));
  const module = args[at] === '-m' ? args[at + 1] : undefined;
  return module !== undefined && /^[a-z]\w*$/iu.test(module)
    ? normalised({ kind: 'pypi', name: module, version: '' })
    : undefined;
}

function ofContainer(words: readonly string[]): NamedPackage | undefined {
  const rest = afterRunner(words, CONTAINER_RUNNERS);
  if (rest === undefined) return undefined;
  const { first } = readOptions(rest, (option) => !CONTAINER_WITHOUT_VALUE.has(option) && !/^-[itdPq]+$/u.test(option));
  const { name, tag = '' } = IMAGE.exec(first)?.groups ?? {};
  return name === undefined ? undefined : { kind: 'image', name, version: EXACT_VERSION.test(tag) ? tag : '' };
}

function afterRunner(words: readonly string[], runners: readonly (readonly string[])[]): readonly string[] | undefined {
  const runner = runners.find((parts) => parts.every((part, index) => words[index] === part));
  return runner === undefined ? undefined : words.slice(runner.length);
}

interface ReadOptions {
  /** The first word that is neither an option nor the value of one; empty where there is none. */
  readonly first: string;
  readonly values: ReadonlyMap<string, string>;
}

function readOptions(words: readonly string[], takesValue: (option: string) => boolean): ReadOptions {
  const values = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return { first: words[at + 1] ?? '', values };
    if (!word.startsWith('-')) return { first: word, values };
    const [option = '', value] = word.split(/=(.*)/su, 2);
    // `-p8080:80`: a short option with its value in the same word.
    const isAttached = value === undefined && /^-[a-z]./iu.test(word) && takesValue(option);
    if (value !== undefined) values.set(option, value);
    else if (!isAttached && takesValue(option)) values.set(option, words[++at] ?? '');
  }
  return { first: '', values };
}

function named(kind: PackageKind, pattern: RegExp, spec: string): NamedPackage | undefined {
  const { name, version = '' } = pattern.exec(spec)?.groups ?? {};
  return name === undefined ? undefined : { kind, name, version: EXACT_VERSION.test(version) ? version : '' };
}

/** Source: Python Packaging User Guide, "Names and normalization". */
function normalised(found: NamedPackage | undefined): NamedPackage | undefined {
  return found === undefined ? undefined : { ...found, name: found.name.toLowerCase().replaceAll(/[-_.]+/gu, '-') };
}
