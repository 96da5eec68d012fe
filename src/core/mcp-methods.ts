import type { Era } from './protocol.ts';

/** Whether a message with this method waits for an answer. */
export type MethodKind = 'request' | 'notification';

export interface McpMethod {
  readonly kind: MethodKind;
  /** Members of `params` that some revision of the protocol gives this method; `_meta` belongs to all. */
  readonly params: readonly string[];
  /** The era that has it, where only one has. */
  readonly only?: Era;
}

/**
 * What a client may send, in every revision from 2024-11-05 to 2026-07-28 (schema.ts of the MCP specification). It says
 * what the protocol knows, not what this gateway answers: that is the session's to say.
 */
export const MCP_METHODS: ReadonlyMap<string, McpMethod> = new Map<string, McpMethod>([
  ['initialize', { kind: 'request', params: ['protocolVersion', 'capabilities', 'clientInfo'], only: 'session' }],
  ['server/discover', { kind: 'request', params: [], only: 'stateless' }],
  ['ping', { kind: 'request', params: [], only: 'session' }],
  ['tools/list', { kind: 'request', params: ['cursor'] }],
  ['tools/call', { kind: 'request', params: ['name', 'arguments', 'task', 'inputResponses', 'requestState'] }],
  ['resources/list', { kind: 'request', params: ['cursor'] }],
  ['resources/templates/list', { kind: 'request', params: ['cursor'] }],
  ['resources/read', { kind: 'request', params: ['uri', 'inputResponses', 'requestState'] }],
  ['resources/subscribe', { kind: 'request', params: ['uri'], only: 'session' }],
  ['resources/unsubscribe', { kind: 'request', params: ['uri'], only: 'session' }],
  ['prompts/list', { kind: 'request', params: ['cursor'] }],
  ['prompts/get', { kind: 'request', params: ['name', 'arguments', 'inputResponses', 'requestState'] }],
  ['completion/complete', { kind: 'request', params: ['ref', 'argument', 'context'] }],
  ['logging/setLevel', { kind: 'request', params: ['level'], only: 'session' }],
  ['subscriptions/listen', { kind: 'request', params: ['notifications'], only: 'stateless' }],
  ['tasks/get', { kind: 'request', params: ['taskId'] }],
  ['tasks/list', { kind: 'request', params: ['cursor'], only: 'session' }],
  ['tasks/result', { kind: 'request', params: ['taskId'], only: 'session' }],
  ['tasks/update', { kind: 'request', params: ['taskId', 'inputResponses'], only: 'stateless' }],
  ['tasks/cancel', { kind: 'request', params: ['taskId'] }],
  ['notifications/initialized', { kind: 'notification', params: [], only: 'session' }],
  ['notifications/cancelled', { kind: 'notification', params: ['requestId', 'reason'] }],
  [
    'notifications/progress',
    { kind: 'notification', params: ['progressToken', 'progress', 'total', 'message'], only: 'session' },
  ],
  ['notifications/roots/list_changed', { kind: 'notification', params: [], only: 'session' }],
  [
    'notifications/tasks/status',
    {
      kind: 'notification',
      params: ['taskId', 'status', 'statusMessage', 'createdAt', 'lastUpdatedAt', 'ttl', 'pollInterval'],
      only: 'session',
    },
  ],
]);

const ENVELOPE = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'] as const;

/** Every member that the protocol knows at the top of a message or in `params`. */
export const PROTOCOL_KEYS: ReadonlySet<string> = new Set([
  ...ENVELOPE,
  '_meta',
  ...[...MCP_METHODS.values()].flatMap((method) => method.params),
]);
