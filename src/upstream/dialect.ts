import { isJsonObject, type JsonObject } from '../core/json.ts';
import { ENVELOPE, type Era } from '../core/protocol.ts';
import { requestHeaders, type ParameterHeaders } from './mcp-headers.ts';
import type { RequestOptions } from './request-options.ts';
import type { HeaderList } from './wire.ts';

/** What an era adds to each request. */
export interface Dialect {
  readonly era: Era;
  /** The parameters as they go out; `id` is the request's own and stands for it as its progress token. */
  dress(params: JsonObject, id: number, options: RequestOptions): JsonObject;
  dressNotification(params: JsonObject): JsonObject;
  /** The headers that say over HTTP what the body says. */
  headersFor(method: string, params: JsonObject): HeaderList | undefined;
}

/** To 2025-11-25: requests go out as they are, for the handshake has said the rest. */
export const SESSION_DIALECT: Dialect = {
  era: 'session',
  dress: (params, id, { onProgress }) => (onProgress === undefined ? params : withMeta(params, { progressToken: id })),
  dressNotification: (params) => params,
  headersFor: () => undefined,
};

export interface StatelessOptions {
  readonly protocolVersion: string;
  readonly clientInfo: JsonObject;
  /** Whether the road has headers. */
  readonly hasHeaders: boolean;
  readonly parameterHeaders: ParameterHeaders;
}

/** From 2026-07-28 on (basic, `_meta`): each request carries its envelope and, over HTTP, its headers. */
export function statelessDialect(options: StatelessOptions): Dialect {
  const { protocolVersion, clientInfo, hasHeaders, parameterHeaders } = options;
  const identity = { [ENVELOPE.protocolVersion]: protocolVersion, [ENVELOPE.clientInfo]: clientInfo };
  return {
    era: 'stateless',
    dress: (params, id, { offers, logLevel, onProgress }) =>
      withMeta(params, {
        ...identity,
        [ENVELOPE.clientCapabilities]: offers,
        ...(logLevel === undefined ? undefined : { [ENVELOPE.logLevel]: logLevel }),
        ...(onProgress === undefined ? undefined : { progressToken: id }),
      }),
    dressNotification: (params) => withMeta(params, { ...identity, [ENVELOPE.clientCapabilities]: {} }),
    headersFor: (method, params) =>
      hasHeaders ? requestHeaders({ protocolVersion, method, params }, parameterHeaders) : undefined,
  };
}

function withMeta(params: JsonObject, added: JsonObject): JsonObject {
  const meta = params['_meta'];
  return { ...params, _meta: isJsonObject(meta) ? { ...meta, ...added } : added };
}
