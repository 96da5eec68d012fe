import path from 'node:path';
import { GatewayError, messageOf } from '../core/errors.ts';
import { carriedBundle, carrierFolder, interpreterOf, packageFacts, type CarriedBundle } from './carrier.ts';
import { namedPackage, type PackageKind } from './named-package.ts';
import { type AcceptedPackage, installOnce, type KnownPackage } from './npm-install.ts';
import { parseNpx, programIn, type NpxRequest } from './npx.ts';
import type { Program } from './program.ts';
import type { Host } from './stdio.ts';

export interface ResolveOptions {
  /** `MCP_GATEWAY_HOME`. */
  readonly home: string;
  readonly host: Host;
  /** The server's working folder. */
  readonly cwd: string;
  /** What the store or the lock keeps of this server's package. */
  readonly known?: KnownPackage | undefined;
  /** The package that somebody has accepted: it runs, and no other, whatever the command line names. */
  readonly accepted?: AcceptedPackage | undefined;
  /** Asks anew what the command line stands for, though something was installed for it before. */
  readonly isFresh?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly installTimeoutMs?: number | undefined;
}

/** How a server is run, and what belongs to it. */
export interface ResolvedServer extends Program {
  /** Name of its package, as installed, else as the command line names it; empty where none was found. */
  readonly package: string;
  /** Empty where nobody knows which one runs. */
  readonly version: string;
  /** What the name of the package is a name of; empty where it has none. */
  readonly packageKind: PackageKind | '';
  /** As in a lock file of npm; empty for what was not installed by the gateway. */
  readonly integrity: string;
  /** The bundle that it ships, if it does. */
  readonly bundle?: CarriedBundle;
  /** Why the server runs as it was given although the gateway would have installed it; else empty. */
  readonly note: string;
}

/**
 * Finds what belongs to a server that is started with a command. `npx PKG` becomes the package's program, installed once
 * below `home`, so that the policy that is read is that of the package that runs; where that fails it runs as given.
 * Throws BUNDLE_UNREADABLE when a server names a bundle that cannot be had, NOT_BUILT when it names a remote one, and
 * UPSTREAM_PROTOCOL when its package is another than the one that was accepted.
 */
export async function resolveServer(given: Program, options: ResolveOptions): Promise<ResolvedServer> {
  const request = parseNpx(given);
  // `npx tsx server.ts`: what ships the policy is the script, not the program that runs it.
  const interpreter = request === undefined ? undefined : interpreterOf(request.spec);
  if (request !== undefined && interpreter === undefined) return resolvePackage(given, request, options);
  const program = interpreter === undefined ? given : { command: interpreter, args: request?.args ?? [] };
  const folder = carrierFolder(program, options.cwd, options.host);
  if (folder === undefined) return interpreter === undefined ? asGiven(given, '') : nameless(given);
  const { name, version } = packageFacts(folder);
  return { ...given, package: name, version, packageKind: 'npm', integrity: '', note: '', ...bundleOf(folder) };
}

async function resolvePackage(given: Program, request: NpxRequest, options: ResolveOptions): Promise<ResolvedServer> {
  const { home, host, cwd, known, accepted, isFresh, signal, installTimeoutMs: timeoutMs } = options;
  const servers = path.join(home, 'servers');
  try {
    const { registry } = request;
    const install = { servers, host, cwd, known, accepted, isFresh, registry, signal, timeoutMs };
    const installed = await installOnce(request.spec, install);
    const program = programIn(packageFacts(installed.folder), request, host.nodePath);
    const { name, version, integrity, folder } = installed;
    if (program === undefined) return asGiven(given, `${name}@${version} has no program that can be run without npx.`);
    return { ...program, package: name, version, packageKind: 'npm', integrity, note: '', ...bundleOf(folder) };
  } catch (error) {
    if (signal?.aborted === true) throw new GatewayError('CANCELLED', 'The installation was cancelled.');
    if (error instanceof GatewayError && error.code !== 'UPSTREAM_UNAVAILABLE') throw error;
    return asGiven(given, messageOf(error));
  }
}

function asGiven({ command, args }: Program, note: string): ResolvedServer {
  const named = namedPackage({ command, args });
  if (named === undefined) return { ...nameless({ command, args }), note };
  const { kind, name, version } = named;
  return { command, args, package: name, version, packageKind: kind, integrity: '', note };
}

function nameless({ command, args }: Program): ResolvedServer {
  return { command, args, package: '', version: '', packageKind: '', integrity: '', note: '' };
}

function bundleOf(folder: string): { readonly bundle?: CarriedBundle } {
  const bundle = carriedBundle(folder);
  return bundle === undefined ? {} : { bundle };
}
