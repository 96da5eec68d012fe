import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { GatewayError, messageOf } from '../core/errors.ts';

/** What the browser brings back (RFC 6749 §4.1.2, RFC 9207). */
export interface Returned {
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly iss: string | undefined;
}

export interface ListenerOptions {
  /** How the page names the server. */
  readonly name: string;
  /** What the return must carry. */
  readonly state: string;
  /** 0 for any free port. */
  readonly port: number;
  /** How long the user has, milliseconds. */
  readonly timeoutMs: number;
}

export interface SignInListener {
  /** Where the browser is to return to. */
  readonly redirectUri: string;
  /** Says how it went on the page of the browser that returned, then closes. */
  answer(isSignedIn: boolean): void;
  /** Rejects with SIGN_IN_REQUIRED when the time is up or it is closed. */
  readonly returned: Promise<Returned>;
  close(): void;
}

const PATH = '/callback';

/**
 * A web server on loopback for one return of one browser (RFC 8252 §7.3). What does not carry the state is turned away
 * and ends nothing. Rejects with LISTEN_FAILED.
 */
export async function listenForReturn(options: ListenerOptions): Promise<SignInListener> {
  const { name, state, timeoutMs } = options;
  let resolve: (returned: Returned) => void = () => undefined;
  let reject: (why: GatewayError) => void = () => undefined;
  const returned = new Promise<Returned>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  returned.catch(() => undefined);
  let page: ServerResponse | undefined;
  const server = createServer({ maxHeaderSize: 32 * 1024, requestTimeout: 10_000 }, (request, response) => {
    const url = returnedTo(request, portOf(server));
    if (url === undefined) return say(response, 404, 'There is nothing here.');
    if (page !== undefined || url.searchParams.get('state') !== state) {
      return say(response, 400, 'This is not the sign-in that the gateway waits for. Start it again.');
    }
    page = response;
    resolve(returnedIn(url));
  });
  await listenOn(server, options.port);
  const timer = setTimeout(() => close(), timeoutMs);
  const close = (): void => {
    clearTimeout(timer);
    reject(new GatewayError('SIGN_IN_REQUIRED', `Nobody signed in to "${name}" in time.`));
    server.close();
    server.closeIdleConnections();
  };
  const answer = (isSignedIn: boolean): void => {
    const text = isSignedIn
      ? `You are signed in to ${name}.`
      : `You are not signed in to ${name}. The gateway says why.`;
    if (page !== undefined) say(page, isSignedIn ? 200 : 400, `${text} You can close this window.`);
    close();
  };
  return { redirectUri: `http://127.0.0.1:${portOf(server)}${PATH}`, returned, answer, close };
}

/** The address of a return; undefined for any other request, such as one under a name that was pointed here. */
function returnedTo(request: IncomingMessage, port: number): URL | undefined {
  const base = `http://127.0.0.1:${port}`;
  if (request.method !== 'GET' || request.headers.host !== `127.0.0.1:${port}`) return undefined;
  if (!URL.canParse(request.url ?? '', base)) return undefined;
  const url = new URL(request.url ?? '', base);
  return url.origin === base && url.pathname === PATH ? url : undefined;
}

function returnedIn({ searchParams }: URL): Returned {
  return {
    code: searchParams.get('code') ?? undefined,
    error: searchParams.get('error') ?? undefined,
    iss: searchParams.get('iss') ?? undefined,
  };
}

/** A page without anything that came with the request, and without a trace of the address that holds the code. */
function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  response.end(`${text}\n`);
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const mend = port === 0 ? {} : { mend: 'End what listens there, or set another credentials.redirect_port.' };
      reject(new GatewayError('LISTEN_FAILED', `127.0.0.1:${port} cannot be listened on: ${messageOf(cause)}`, mend));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
