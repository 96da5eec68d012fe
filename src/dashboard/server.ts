import { createAdaptorServer } from '@hono/node-server';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Hono } from 'hono';
import { deleteCookie, getCookie } from 'hono/cookie';
import { isLoopbackAddress } from '../core/bundle-address.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { failureOf } from './failures.ts';
import { type Env, knownHost, secureHeaders, signedIn } from './guard.ts';
import { type OidcSettings, Provider } from './oidc.ts';
import { type Place, placeOf } from './place.ts';
import type { DashboardPort } from './port.ts';
import { apiRoutes } from './routes.ts';
import { Sessions } from './sessions.ts';
import { signInRoutes } from './sign-in.ts';
import { staticFiles } from './static-files.ts';

export interface DashboardOptions {
  readonly port: DashboardPort;
  readonly host: string;
  /** 0 takes a free one. */
  readonly tcpPort: number;
  /** Where browsers reach it, if that is elsewhere; without a path. */
  readonly publicUrl: string | undefined;
  readonly oidc: OidcSettings | undefined;
  /** The folder of the built pages, absolute. */
  readonly pages: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface DashboardDoor {
  /** Without a slash behind it. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Opens the dashboard's own listener. Throws LISTEN_FAILED where the address is taken, and UNSAFE_BINDING where other
 * hosts could reach it and nobody has to sign in.
 */
export async function serveDashboard(options: DashboardOptions): Promise<DashboardDoor> {
  const { host, tcpPort, publicUrl, oidc } = options;
  if (!isLoopbackAddress(host) && oidc === undefined) {
    throw new GatewayError('UNSAFE_BINDING', `${host} can be reached from other hosts, and nobody has to sign in`, {
      mend: 'Configure dashboard.oidc, or let the dashboard listen on 127.0.0.1.',
    });
  }
  const ending = new AbortController();
  let place = placeOf({ host, port: tcpPort, publicUrl });
  const app = appOf(options, () => place, ending.signal);
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: LIMITS }) as Server;
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, { host, port: tcpPort });
  place = placeOf({ host, port: (server.address() as AddressInfo).port, publicUrl });
  return { url: place.url, close: () => close(server, ending) };
}

const LIMITS = { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000 };
const MOST_CONNECTIONS = 256;

function appOf(options: DashboardOptions, place: () => Place, ending: AbortSignal): Hono<Env> {
  const { port, version, clock, logger, oidc, pages } = options;
  const sessions = new Sessions(clock);
  const provider = oidc && new Provider(oidc, clock);
  const app = new Hono<Env>();
  app.onError((thrown, context) => {
    const { status, failure } = failureOf(thrown, logger);
    return context.json(failure, status);
  });
  app.use(secureHeaders(place));
  app.use(knownHost(place));
  app.route('/api', signInRoutes({ port, sessions, place, provider }));
  app.use('/api/*', signedIn({ sessions, place, port, hasProvider: provider !== undefined }));
  const routes = apiRoutes({
    port,
    version,
    clock,
    logger,
    ending,
    signOut: (context) => {
      const { cookie, isSecure } = place();
      sessions.end(getCookie(context, cookie) ?? '');
      deleteCookie(context, cookie, { path: '/', secure: isSecure });
    },
  });
  app.route('/api', routes);
  app.get('*', staticFiles(pages));
  return app;
}

function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (thrown: NodeJS.ErrnoException): void => {
      const isTaken = thrown.code === 'EADDRINUSE';
      reject(
        new GatewayError(
          'LISTEN_FAILED',
          `the dashboard cannot listen on ${host}:${String(port)}: ${messageOf(thrown)}`,
          {
            mend: isTaken
              ? 'If a gateway shows its dashboard there, `mcp-gateway dashboard open` prints a link to it; else set dashboard.port.'
              : 'Set dashboard.host and dashboard.port.',
            cause: thrown,
          },
        ),
      );
    };
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      // A connection that breaks is nobody else's trouble.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

async function close(server: Server, ending: AbortController): Promise<void> {
  if (ending.signal.aborted) return;
  ending.abort();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(timer);
}

const DRAIN_MS = 2_000;
