import type { IncomingHttpHeaders } from 'node:http';

import { type Era, isStatelessVersion } from '../core/protocol.ts';
import type { RpcMessage } from '../core/rpc.ts';
import { claimsEnvelope, isEnveloped } from './envelope.ts';

/**
 * In which era a posted message is to be read: by its envelope first, because proxies lose headers, then by the header.
 * `initialize` opens a session unless its envelope is whole. What claims nothing is left to the sessions, whose error
 * says what is missing.
 */
export function eraOfPost(message: RpcMessage, headers: IncomingHttpHeaders): Era {
  if (message.kind === 'result' || message.kind === 'failure') return 'session';
  if (message.method === 'initialize') return isEnveloped(message.params) ? 'stateless' : 'session';
  return claimsEnvelope(message.params) || saysStateless(headers) ? 'stateless' : 'session';
}

/** Whether the header names a revision without sessions. */
export function saysStateless({ 'mcp-protocol-version': version }: IncomingHttpHeaders): boolean {
  return typeof version === 'string' && isStatelessVersion(version);
}
