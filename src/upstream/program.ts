import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { variable, type Environment } from './environment.ts';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

export interface ProgramContext {
  readonly platform: string;
  /** The Node that runs the gateway. */
  readonly nodePath: string;
  readonly environment: Environment;
}

/** Where files are looked for. */
export interface Files {
  has(file: string): boolean;
  read(file: string): string;
}

const DISK: Files = { has: existsSync, read: (file) => readFileSync(file, 'utf8') };

/** What npm writes beside a package's program on Windows names the script in a line such as `"%dp0%\node_modules\x\cli.js"`. */
const SHIM_SCRIPT = /"%(?:~dp0|dp0%)\\([^"%]+?\.[cm]?js)"/u;
const NPM_PROGRAMS = ['npx', 'npm'];

/**
 * The program to start so that no shell is needed. Only Windows needs a thought: there `npx` and whatever else npm
 * installs are `.cmd` files, which only a shell can run, and quoting for that shell cannot be made safe. So `npx` and
 * `npm` become their scripts beside the gateway's Node, and npm's other shims the script that they name.
 */
export function programOf(given: Program, context: ProgramContext, files: Files = DISK): Program {
  if (context.platform !== 'win32') return given;
  const { dir, name, ext } = path.win32.parse(given.command);
  if (ext !== '' && !/^\.(?:cmd|bat)$/iu.test(ext)) return given;
  if (dir === '' && NPM_PROGRAMS.includes(name.toLowerCase())) {
    const script = path.win32.join(
      path.win32.dirname(context.nodePath),
      'node_modules',
      'npm',
      'bin',
      `${name.toLowerCase()}-cli.js`,
    );
    if (files.has(script)) return { command: context.nodePath, args: [script, ...given.args] };
  }
  const found = findOnWindows(given.command, context.environment, files);
  if (found === undefined || /\.(?:exe|com)$/iu.test(found)) return given;
  const script = scriptOfShim(files.read(found), path.win32.dirname(found));
  if (script !== undefined) return { command: context.nodePath, args: [script, ...given.args] };
  throw new GatewayError(
    'UPSTREAM_UNAVAILABLE',
    `"${given.command}" is a batch file, which cannot be run without a shell.`,
    {
      mend: 'Give the program that the batch file starts as `command`, and its arguments as `args`.',
    },
  );
}

/** The script that a shim made by npm runs, or undefined where the text is something else. */
function scriptOfShim(text: string, folder: string): string | undefined {
  const named = SHIM_SCRIPT.exec(text)?.[1];
  return named === undefined ? undefined : path.win32.join(folder, named);
}

/** The file a bare or partial name stands for: the first of `.exe`, `.com`, `.cmd`, `.bat` in its folder or on the path. */
function findOnWindows(command: string, environment: Environment, files: Files): string | undefined {
  const isPath = /[\\/]/u.test(command);
  const folders = isPath ? [''] : (variable(environment, 'PATH', 'win32') ?? '').split(';').filter(Boolean);
  const endings = path.win32.extname(command) === '' ? ['.exe', '.com', '.cmd', '.bat'] : [''];
  return folders
    .flatMap((folder) => endings.map((ending) => path.win32.join(folder, command + ending)))
    .find((file) => files.has(file));
}
