import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import type { PackageFacts } from './carrier.ts';
import type { Program } from './program.ts';

/** What a command line asks of npx. */
export interface NpxRequest {
  /** What npm calls a package specifier: `name`, `name@version`, a path to an archive. */
  readonly spec: string;
  /** The program of the package, or empty for its own choice. */
  readonly bin: string;
  /** Arguments of the program. */
  readonly args: readonly string[];
  readonly registry: string;
}

const NPX = /^npx(?:\.cmd|\.exe)?$/iu;
/** Options that change nothing about what runs. */
const HARMLESS: ReadonlySet<string> = new Set(['-y', '--yes', '-q', '--quiet', '--prefer-offline', '--prefer-online']);
const NODE_LINE = /^#!.*?\bnode(?:[ \t]+(?<flags>\S.*?))?\s*$/u;

/** Reads a command line of npx, or gives undefined where it is none, or asks for what only npx itself can do. */
export function parseNpx({ command, args }: Program): NpxRequest | undefined {
  if (!NPX.test(command.slice(Math.max(command.lastIndexOf('/'), command.lastIndexOf('\\')) + 1))) return undefined;
  const packages: string[] = [];
  let registry = '';
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] ?? '';
    const [option = '', value] = arg.split(/=(.*)/su, 2);
    if (!arg.startsWith('-')) break;
    if (arg === '--') {
      at++;
      break;
    }
    if (option === '-p' || option === '--package') packages.push(value ?? args[++at] ?? '');
    else if (option === '--registry') registry = value ?? args[++at] ?? '';
    else if (!HARMLESS.has(arg)) return undefined;
  }
  const [first, ...rest] = args.slice(at);
  if (first === undefined || packages.length > 1 || packages.includes('')) return undefined;
  const [named] = packages;
  return named === undefined
    ? { spec: first, bin: '', args: rest, registry }
    : { spec: named, bin: first, args: rest, registry };
}

/**
 * How to run the package's program without npx: with the gateway's own Node where it is a script for Node, as it is
 * where it is a program of its own. Undefined where the package has no such program.
 */
export function programIn(facts: PackageFacts, request: NpxRequest, nodePath: string): Program | undefined {
  const file = binOf(facts, request.bin);
  if (file === undefined) return undefined;
  const script = path.resolve(facts.folder, file);
  const line = firstLine(script);
  if (line === undefined) return undefined;
  const shebang = NODE_LINE.exec(line);
  if (shebang === null && !/\.[cm]?js$/iu.test(script))
    return line.startsWith('#!') ? { command: script, args: request.args } : undefined;
  const flags = shebang?.groups?.['flags']?.split(/[ \t]+/u) ?? [];
  return { command: nodePath, args: [...flags, script, ...request.args] };
}

/** The rule of npx: the only program, else the one that is called like the package. */
function binOf({ name, bin }: PackageFacts, wanted: string): string | undefined {
  const table = new Map(Object.entries(bin));
  if (wanted !== '') return table.get(wanted);
  const files = new Set(table.values());
  const [only] = files;
  return files.size === 1 ? only : table.get(name.slice(name.lastIndexOf('/') + 1));
}

function firstLine(file: string): string | undefined {
  const bytes = Buffer.alloc(256);
  try {
    const handle = openSync(file, 'r');
    const length = readSync(handle, bytes, 0, bytes.length, 0);
    closeSync(handle);
    return bytes.toString('utf8', 0, length).split('\n', 1)[0] ?? '';
  } catch {
    return undefined;
  }
}
