/** Revisions of MCP with `initialize` and sessions, newest first. */
export const SESSION_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
export type SessionVersion = (typeof SESSION_VERSIONS)[number];

/** From this version on a client takes an event without data, which tells it from where to resume. */
const FIRST_WITH_EMPTY_EVENTS: SessionVersion = '2025-11-25';

/** The version asked for where it is spoken, else the newest: the client then decides whether to stay. */
export function negotiateVersion(requested: string): SessionVersion {
  return isSessionVersion(requested) ? requested : SESSION_VERSIONS[0];
}

export function isSessionVersion(text: string): text is SessionVersion {
  return SESSION_VERSIONS.some((version) => version === text);
}

export function takesEmptyEvents(version: string): boolean {
  return version >= FIRST_WITH_EMPTY_EVENTS;
}
