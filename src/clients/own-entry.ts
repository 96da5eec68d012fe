import type { Dialect } from './description.ts';
import type { ClientServer } from './entry.ts';

/** What our entry is called in the file of a client; short, because some count it into the names of tools. */
export const OWN_NAME = 'gw';

/** How the gateway is started. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Our entry, with its members called as the client calls them. */
export function ownEntry(dialect: Dialect, { command, args, env }: Launch): Readonly<Record<string, unknown>> {
  return {
    ...dialect.own,
    ...(dialect.isCommandList ? { [dialect.command]: [command, ...args] } : { [dialect.command]: command }),
    ...(!dialect.isCommandList && { [dialect.args]: args }),
    ...(Object.keys(env).length > 0 && { [dialect.env]: env }),
  };
}

const OWN_PACKAGE = /^mcp-gateway(?:@[\w.^~-]+)?$/;
const OWN_PROGRAM = /(?:^|[/\\])mcp-gateway(?:\.(?:cmd|exe|js))?$/;
const OWN_FILE = /(?:^|[/\\])dist[/\\]main\.js$/;
const OWN_ADDRESS = /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):3700\/(?:mcp|sse)\/?$/;

/** Whether an entry starts or reaches the gateway, whoever wrote it and under whatever name. */
export function isOwnEntry(server: ClientServer): boolean {
  if (server.kind === 'remote') return OWN_ADDRESS.test(server.url);
  const words = [server.command, ...server.args];
  const isServing = server.args.includes('serve');
  if (isServing && words.some((word) => isOwnWord(word))) return true;
  if ((isServing || server.args.includes('--stdio')) && words.some((word) => OWN_FILE.test(word))) return true;
  // A folder of our name that another server is given is not us.
  const program = words.find((word) => !STARTER.test(word));
  return program !== undefined && isOwnWord(program);
}

/** Programs that start others, their subcommands, and flags of both. */
const STARTER =
  /^-|^\/[a-z]$|^(?:exec|dlx|run|x)$|(?:^|[/\\])(?:npx|npm|pnpm|pnpx|yarn|bunx?|node|cmd)(?:\.(?:cmd|exe))?$/i;

function isOwnWord(word: string): boolean {
  return OWN_PACKAGE.test(word) || OWN_PROGRAM.test(word);
}
