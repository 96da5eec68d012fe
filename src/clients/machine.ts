import { statSync } from 'node:fs';
import { type PlatformPath, posix, win32 } from 'node:path';

/** What is known of the machine on which clients are looked for. */
export interface Machine {
  readonly platform: Platform;
  /** Of the user; absolute. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where files of a project are looked for; absolute. */
  readonly workingFolder: string;
}

export type Platform = 'darwin' | 'win32' | 'linux';

/** Other systems keep their files as Linux does. */
export function platformOf(name: string): Platform {
  return name === 'darwin' || name === 'win32' ? name : 'linux';
}

/** How paths are written there. */
export function pathsOf(platform: Platform): PlatformPath {
  return platform === 'win32' ? win32 : posix;
}

/** Where a folder lies that a variable may name, and where it lies without one. */
const FOLDERS: Readonly<Record<string, string>> = {
  APPDATA: '~/AppData/Roaming',
  LOCALAPPDATA: '~/AppData/Local',
  XDG_CONFIG_HOME: '~/.config',
  CLAUDE_CONFIG_DIR: '~',
  CODEX_HOME: '~/.codex',
};

/**
 * A path of the table on this machine: `~` is the folder of the user, `.` that of the project, `$NAME` what a variable
 * names. Written with slashes, and given back as the platform has it.
 */
export function pathOn({ platform, home, environment, workingFolder }: Machine, template: string): string {
  const paths = pathsOf(platform);
  const [first = '', ...rest] = template.split('/');
  if (first === '.') return paths.join(workingFolder, ...rest);
  if (first === '~') return paths.join(home, ...rest);
  if (!first.startsWith('$')) return paths.join(template);
  const name = first.slice(1);
  const named = environment[name];
  if (named !== undefined && named !== '') return paths.join(named, ...rest);
  return pathOn({ platform, home, environment, workingFolder }, [FOLDERS[name] ?? '~', ...rest].join('/'));
}

/** Absolute path of a program that the user can call by its name. */
export function programOn({ platform, environment }: Machine, name: string): string | undefined {
  const paths = pathsOf(platform);
  const folders = (environment['PATH'] ?? environment['Path'] ?? '')
    .split(paths.delimiter)
    .filter((folder) => folder !== '');
  const endings = platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  const programs = folders.flatMap((folder) => endings.map((ending) => paths.join(folder, `${name}${ending}`)));
  return programs.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}
