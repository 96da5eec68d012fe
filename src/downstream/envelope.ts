import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { ENVELOPE, isLogLevel, isStatelessVersion, type LogLevel } from '../core/protocol.ts';
import { type ClientInfo, readClientInfo } from './identity.ts';

/** What every request of a stateless client says of its sender (MCP 2026-07-28, Basic, `_meta`). */
export interface Envelope {
  /** As it is written; not yet whether it is spoken here. */
  readonly protocol: string;
  readonly client: ClientInfo;
  readonly capabilities: JsonObject;
  readonly logLevel: LogLevel | undefined;
}

export type ReadEnvelope =
  | { readonly kind: 'ok'; readonly envelope: Envelope }
  | { readonly kind: 'invalid'; readonly message: string };

/** Whether a message says that it is one of a stateless client, rightly or not. */
export function claimsEnvelope({ _meta: meta }: JsonObject): boolean {
  return isJsonObject(meta) && Object.hasOwn(meta, ENVELOPE.protocolVersion);
}

/** Whether a message is one of a stateless client without doubt: `initialize` stays what it was otherwise. */
export function isEnveloped(params: JsonObject): boolean {
  if (!claimsEnvelope(params)) return false;
  const read = readEnvelope(params);
  return read.kind === 'ok' && isStatelessVersion(read.envelope.protocol);
}

export function readEnvelope({ _meta: meta }: JsonObject): ReadEnvelope {
  if (!isJsonObject(meta)) return invalid('_meta', 'is missing');
  const protocol = meta[ENVELOPE.protocolVersion];
  const info = meta[ENVELOPE.clientInfo];
  const capabilities = meta[ENVELOPE.clientCapabilities];
  const logLevel = meta[ENVELOPE.logLevel];
  if (typeof protocol !== 'string') return invalid(ENVELOPE.protocolVersion, fault(protocol, 'a text'));
  if (!isJsonObject(capabilities)) return invalid(ENVELOPE.clientCapabilities, fault(capabilities, 'an object'));
  if (info !== undefined && !isJsonObject(info)) return invalid(ENVELOPE.clientInfo, fault(info, 'an object'));
  if (logLevel !== undefined && !isLogLevel(logLevel)) {
    return invalid(ENVELOPE.logLevel, fault(logLevel, 'a log level'));
  }
  return { kind: 'ok', envelope: { protocol, client: readClientInfo(info), capabilities, logLevel } };
}

function fault(value: Json | undefined, kind: string): string {
  return value === undefined ? 'is missing' : `must be ${kind}`;
}

function invalid(key: string, problem: string): ReadEnvelope {
  return {
    kind: 'invalid',
    message: `Each request of MCP 2026-07-28 carries an envelope in _meta: ${key} ${problem}.`,
  };
}
