import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server';
import { createUpstream, Shared } from './server.ts';
import { Sessions } from './sessions.ts';
import { send, toRequest } from './web.ts';

/** Serves both eras on one endpoint of the loopback interface; a port of 0 takes a free one. */
export function listen(port: number): Promise<{ readonly url: string }> {
  const answer = bothEras();
  const server = createServer((incoming, outgoing) => {
    answer(toRequest(incoming, outgoing))
      .catch((thrown: unknown) => new Response(String(thrown), { status: 500 }))
      .then((response) => send(response, outgoing))
      .catch((thrown: unknown) => console.error(thrown));
  });
  return new Promise((settle, fail) => {
    server.once('error', fail).listen(port, '127.0.0.1', () => {
      settle({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` });
    });
  });
}

function bothEras(): (request: Request) => Promise<Response> {
  const shared = new Shared();
  const sessions = new Sessions(shared);
  const stateless = createMcpHandler(() => createUpstream(shared), { legacy: 'reject', bus: shared.surface.bus });
  return async (request) =>
    hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
    originValidationResponse(request, localhostAllowedOrigins()) ??
    ((await isLegacyRequest(request)) ? sessions.fetch(request) : stateless.fetch(request));
}
