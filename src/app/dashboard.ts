import { fileURLToPath } from 'node:url';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import { packageUrl } from '../core/package-url.ts';
import type { OidcSettings } from '../dashboard/oidc.ts';
import { type DashboardDoor, type DashboardOptions, serveDashboard } from '../dashboard/server.ts';
import { readsThread } from '../state/reads-thread.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { dashboardPort } from './dashboard-port.ts';
import { workbenchThread } from './workbench.ts';

/** What whoever opens a dashboard has. */
export type DashboardGround = Omit<DashboardParts, 'reads' | 'bench'> & {
  /** As the process was started with it: where it listens does not change. */
  readonly config: Config;
  /** The file of the configuration, absolute. */
  readonly configPath: string;
};

/** The built pages. */
const PAGES = fileURLToPath(packageUrl('dist/dashboard', import.meta.url));

/** Shows the dashboard in this process. Throws LISTEN_FAILED where another has its port. */
export async function openDashboard(ground: DashboardGround): Promise<DashboardDoor> {
  const { config, ...common } = ground;
  const { home, store, clock, logger, version } = common;
  const thread = readsThread({ place: store.place, home });
  const bench = workbenchThread(ground);
  const ending = async (): Promise<void> => void (await Promise.allSettled([thread.close(), bench.close()]));
  const { host, port, publicUrl } = config.dashboard;
  const options: DashboardOptions = {
    port: dashboardPort({ ...common, reads: thread.reads, bench: bench.bench }),
    host,
    tcpPort: port,
    publicUrl,
    oidc: oidcOf(config),
    pages: PAGES,
    version,
    clock,
    logger,
  };
  try {
    const door = await serveDashboard(options);
    return {
      url: door.url,
      close: async () => {
        await door.close();
        await ending();
      },
    };
  } catch (thrown) {
    await ending();
    throw thrown;
  }
}

const TRY_EVERY_MS = 5_000;

/**
 * Shows the dashboard in the process that gets its port, and in another when that one ends: each of the gateways of a
 * home tries. Whatever else is wrong with it is said, and keeps no gateway from serving.
 */
export function followDashboard(
  ground: DashboardGround,
  everyMs: number = TRY_EVERY_MS,
): { readonly close: () => Promise<void> } {
  const { logger } = ground;
  const ending = new AbortController();
  let door: DashboardDoor | undefined;
  let timer: NodeJS.Timeout | undefined;
  let trying = tryOnce(true);
  return {
    close: async () => {
      ending.abort();
      clearTimeout(timer);
      await trying;
      await door?.close();
    },
  };

  async function tryOnce(isFirst: boolean): Promise<void> {
    try {
      door = await openDashboard(ground);
      logger.info('the dashboard is shown', { url: door.url });
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown;
      const isTaken = thrown.code === 'LISTEN_FAILED' && isInUse(thrown.cause);
      if (!isTaken) return logger.error('the dashboard cannot be shown', { problem: thrown.message });
      if (isFirst) logger.info('the dashboard is shown by another process');
      if (ending.signal.aborted) return;
      timer = setTimeout(() => void (trying = tryOnce(false)), everyMs).unref();
    }
  }
}

function isInUse(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

/** What the dashboard does not say itself it takes from how clients sign in. */
function oidcOf({ dashboard, gateway }: Config): OidcSettings | undefined {
  const { oidc } = dashboard;
  const issuer = oidc?.issuer ?? gateway.auth?.oidc?.issuer;
  if (oidc === undefined || issuer === undefined) return undefined;
  const claims = gateway.auth?.oidc?.claims;
  return {
    issuer,
    clientId: oidc.clientId,
    clientSecret: oidc.clientSecret,
    scopes: oidc.scopes,
    userClaim: oidc.claims.user ?? claims?.user ?? 'sub',
    groupsClaim: oidc.claims.groups ?? claims?.groups ?? 'groups',
  };
}
