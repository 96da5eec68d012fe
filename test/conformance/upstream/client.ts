import type { ClientCapabilities, McpServer, ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';

/** The SDK has checked the envelope; it has no type for what stands in it. */
const Envelope = z.looseObject({
  'io.modelcontextprotocol/clientCapabilities': z.custom<ClientCapabilities>(),
});

/** What the client of this request can do: by the request's own envelope where it has one, else by its handshake. */
export function capabilitiesOf(ctx: ServerContext, { server }: McpServer): ClientCapabilities {
  const { data } = Envelope.safeParse(ctx.mcpReq.envelope);
  return data?.['io.modelcontextprotocol/clientCapabilities'] ?? server.getClientCapabilities() ?? {};
}
