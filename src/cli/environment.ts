import { homedir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** What the process is told from outside; read here and nowhere else. */
export interface ProcessEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  /** What `~/` stands for. */
  readonly userHome: string;
  /** `MCP_GATEWAY_HOME`: the gateway's own files. */
  readonly home: string;
  /** `MCP_GATEWAY_CACHE`: what can be made again, such as compiled policies. */
  readonly cache: string;
  /** Name of the user of the operating system. */
  readonly user: string;
}

export function readEnvironment(): ProcessEnvironment {
  const variables = withUsualPath(process.env);
  const home = variables['MCP_GATEWAY_HOME'] ?? join(homedir(), '.mcp-gateway');
  return {
    variables,
    workingFolder: process.cwd(),
    userHome: homedir(),
    home,
    cache: variables['MCP_GATEWAY_CACHE'] ?? join(home, 'cache'),
    user: userName(),
  };
}

/**
 * Programs that a desktop starts have a short PATH, without what a person's shell adds to it. Behind what PATH names comes
 * the folder of the Node that runs this, with its npm and npx, and where package managers put what they install.
 */
export function withUsualPath(
  variables: ProcessEnvironment['variables'],
  { platform, execPath }: Pick<NodeJS.Process, 'platform' | 'execPath'> = process,
): ProcessEnvironment['variables'] {
  const isWindows = platform === 'win32';
  const name = Object.keys(variables).find((key) => key === 'PATH' || (isWindows && key.toUpperCase() === 'PATH'));
  const named = (variables[name ?? 'PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const usual = isWindows
    ? []
    : ['/opt/homebrew/bin', '/usr/local/bin', join(homedir(), '.local/bin'), '/usr/bin', '/bin'];
  const folders = [...new Set([...named, dirname(execPath), ...usual])];
  return { ...variables, [name ?? 'PATH']: folders.join(delimiter) };
}

/** Some containers run under a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
