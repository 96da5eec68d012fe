import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

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
  const variables = process.env;
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

/** Some containers run under a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
