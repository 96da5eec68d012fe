export type Environment = Readonly<Record<string, string | undefined>>;

/** What a server inherits of the gateway's own environment; all else it gets from its configuration or not at all. */
const INHERITED_POSIX = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TERM', 'USER', 'LOGNAME', 'SHELL', 'TZ'];
const INHERITED_WINDOWS = [
  'PATH',
  'PATHEXT',
  'COMSPEC',
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
  'HOMEDRIVE',
  'HOMEPATH',
  'USERPROFILE',
  'USERNAME',
  'TEMP',
  'TMP',
  'PROCESSOR_ARCHITECTURE',
  'NUMBER_OF_PROCESSORS',
];

/**
 * The environment of a server: an allow list of `own`, then what the configuration sets. Secrets in the gateway's
 * environment reach no server that was not given them by name. On Windows names are one whatever their case.
 */
export function serverEnvironment(own: Environment, configured: Environment, platform: string): Record<string, string> {
  const isWindows = platform === 'win32';
  const inherited = new Set(isWindows ? INHERITED_WINDOWS : INHERITED_POSIX);
  const environment = new Map<string, [string, string]>();
  for (const [name, value] of Object.entries(own)) {
    const key = isWindows ? name.toUpperCase() : name;
    if (value !== undefined && (inherited.has(key) || isLocale(name, value))) environment.set(key, [name, value]);
  }
  for (const [name, value] of Object.entries(configured)) {
    if (value !== undefined) environment.set(isWindows ? name.toUpperCase() : name, [name, value]);
  }
  return Object.fromEntries(environment.values());
}

/** The value of a variable whose name's case does not matter on Windows. */
export function variable(environment: Environment, name: string, platform: string): string | undefined {
  if (platform !== 'win32') return environment[name];
  const found = Object.keys(environment).find((key) => key.toUpperCase() === name.toUpperCase());
  return found === undefined ? undefined : environment[found];
}

/** Shell functions travel in variables whose value begins with `()`: never passed on, whatever they are called. */
function isLocale(name: string, value: string): boolean {
  return name.startsWith('LC_') && !value.startsWith('()');
}
