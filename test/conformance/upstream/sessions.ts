import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { EventLog } from './event-log.ts';
import { createLastingUpstream, type Shared } from './server.ts';

/** How soon a client should come back when a stream was closed in mid-call. */
const RETRY_MS = 100;

/** Serves the revisions that know sessions, up to 2025-11-25. */
export class Sessions {
  readonly #shared: Shared;
  readonly #transports = new Map<string, WebStandardStreamableHTTPServerTransport>();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  async fetch(request: Request): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    if (id === null) return (await this.#open()).handleRequest(request);
    const transport = this.#transports.get(id);
    return transport ? transport.handleRequest(request) : unknownSession();
  }

  /** A request that does not initialize is refused by the transport, which then is dropped with it. */
  async #open(): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.#transports.set(id, transport),
      onsessionclosed: (id) => void this.#transports.delete(id),
      eventStore: new EventLog(),
      retryInterval: RETRY_MS,
    });
    await createLastingUpstream(this.#shared).connect(transport);
    return transport;
  }
}

function unknownSession(): Response {
  const error = { code: -32001, message: 'Session not found' };
  return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 404 });
}
