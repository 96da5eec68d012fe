/** The revisions of MCP that are spoken here, and the names that 2026-07-28 put on the wire. */

/** How a peer lives with us: in sessions that `initialize` opens (to 2025-11-25), or request by request (2026-07-28). */
export type Era = 'session' | 'stateless';

/** Revisions with `initialize` and sessions, newest first. */
export const SESSION_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
export type SessionVersion = (typeof SESSION_VERSIONS)[number];

/** Revisions in which each request stands alone, newest first. */
export const STATELESS_VERSIONS = ['2026-07-28'] as const;
export type StatelessVersion = (typeof STATELESS_VERSIONS)[number];

/** Keys in `_meta` that carry a request's envelope (MCP 2026-07-28, basic). They belong to one hop. */
export const ENVELOPE = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
} as const;

/** Key in `_meta` of every notification on a `subscriptions/listen` stream: the id of the request that opened it. */
export const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';

/** Notifications of the state of a task: of 2025-11-25, and of the extension io.modelcontextprotocol/tasks. */
export const TASK_STATUS: ReadonlySet<string> = new Set(['notifications/tasks/status', 'notifications/tasks']);

/** Of RFC 5424, from the least to the most severe. */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The lists that servers offer and may change. A change of templates is told as one of resources. */
export const LISTS = ['tools', 'prompts', 'resources', 'templates'] as const;
export type ListName = (typeof LISTS)[number];

export function isSessionVersion(text: string): text is SessionVersion {
  return SESSION_VERSIONS.some((version) => version === text);
}

export function isStatelessVersion(text: string): text is StatelessVersion {
  return STATELESS_VERSIONS.some((version) => version === text);
}

export function isLogLevel(text: unknown): text is LogLevel {
  return LOG_LEVELS.some((level) => level === text);
}

/** Whether a message of this level is wanted by somebody who asked for `least` and worse. */
export function isWanted(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}
