import { spawn } from 'node:child_process';
import { storePlaceOf } from '../app/store-place.ts';
import type { ServerId } from '../core/names.ts';
import { leasesOfStore } from '../state/under-lease.ts';
import type { SignIns } from '../upstream/sign-ins.ts';
import { readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { clock, knownServer, signInsOf } from './server-sign-ins.ts';
import type { ServerOptions } from './server.ts';
import { printJson, printLine, visible } from './terminal.ts';

export interface LoginOptions extends ServerOptions {
  readonly browser: boolean;
}

export function login(context: CommandContext, id: string, options: LoginOptions): Promise<void> {
  const { terminal } = context;
  return signingIn(context, options, async ({ signIns, server }) => {
    const { url, done } = await signIns.beginSignIn(server(id), '');
    terminal.err.write(`Sign in to ${id} in the browser, within five minutes:\n\n  ${visible(url)}\n\n`);
    if (options.browser) openBrowser(url);
    await done;
    if (options.json === true) printJson(terminal, 'server-login', { server: id, signIn: 'signed_in' });
    else printLine(terminal, `Signed in to ${id}.`);
  });
}

export function logout(context: CommandContext, id: string, options: ServerOptions): Promise<void> {
  const { terminal } = context;
  return signingIn(context, options, async ({ signIns, server }) => {
    const signedOut = await signIns.logout(server(id), '');
    const wasSignedIn = signedOut.kind === 'signed_out';
    const isRevoked = wasSignedIn && signedOut.isRevoked;
    if (options.json === true) return printJson(terminal, 'server-logout', { server: id, wasSignedIn, isRevoked });
    if (!wasSignedIn) return printLine(terminal, `You were not signed in to ${id}.`);
    const there = isRevoked
      ? 'and its tokens are revoked'
      : 'here; its authorization server was not told, or did not answer';
    return printLine(terminal, `Signed out of ${id}, ${there}.`);
  });
}

interface SigningIn {
  readonly signIns: SignIns;
  readonly server: (id: string) => ServerId;
}

/** With the gateways that run, commands share the tokens and the right to change them. */
async function signingIn(
  context: CommandContext,
  options: ServerOptions,
  work: (parts: SigningIn) => Promise<void>,
): Promise<void> {
  const { config } = readConfig(context, options);
  const leases = leasesOfStore(storePlaceOf(config), clock);
  const signIns = signInsOf(context, config, leases.withLease);
  try {
    await work({ signIns, server: (id) => knownServer(config, id) });
  } finally {
    signIns.close();
    await leases.close();
  }
}

/** Without a shell, which would read the address as orders. Where it cannot be opened, the user has read it already. */
function openBrowser(url: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  if (command === undefined) return;
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true, shell: false });
  child.once('error', () => undefined);
  child.unref();
}

const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
