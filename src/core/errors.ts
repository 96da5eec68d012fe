/** All that this program can throw on purpose: the code, and what it means. */
export const ERRORS = {
  CONFIG_INVALID: 'the configuration has problems, each with its place',
  CONFIG_NOT_FOUND: 'there is no configuration file where one was looked for',
  CLIENT_FILE: 'a file of a client cannot be read, or is left as it is, with the reason',
  LOCK_INVALID: 'mcp-gateway.lock cannot be read or written, with the place of what is wrong',
  NOT_BUILT: 'the configuration or command asks for something this version does not have',
  BUNDLE_UNREADABLE: 'a policy bundle cannot be read',
  BUNDLE_INVALID: 'a policy bundle breaks the contract for bundles',
  BUNDLE_SIGNATURE: 'a policy bundle is not signed as the configuration demands',
  BUNDLE_STALE: 'a policy bundle was not confirmed by its source for longer than the configuration allows',
  TOOLCHAIN_FAILED: 'the Rego toolchain ended without an answer',
  POLICY_FAILED: 'a compiled policy cannot be instantiated or evaluated',
  STORE_UNAVAILABLE: 'the decision store cannot be opened, read or written',
  STORE_NEWER: 'the decision store was written by a newer version',
  CHAIN_KEY: 'the key of the decision chain is missing, unreadable or open to others',
  SECRETS_UNAVAILABLE: 'the secret store cannot be opened, read or written',
  AUDIT_KEY: 'audit material cannot be opened with the key at hand',
  UPSTREAM_UNAVAILABLE: 'an upstream server cannot be started or reached',
  UPSTREAM_CLOSED: 'the connection to an upstream server ended',
  UPSTREAM_TIMEOUT: 'an upstream server gave no sign of life in time',
  UPSTREAM_PROTOCOL: 'an upstream server broke the protocol',
  SIGN_IN_REQUIRED: 'an upstream server wants its user to sign in',
  CLIENT_GONE: 'the client cannot be asked any more',
  CANCELLED: 'the client cancelled the request',
  LISTEN_FAILED: 'an address cannot be listened on',
  UNSAFE_BINDING: 'the gateway would be reachable from other hosts without authentication',
  NAME_COLLISION: 'two tools would be shown under one name',
  LABEL_NOT_FOUND: 'the conversation has no such label, or not any more',
  APPROVER_NEEDED: 'only a person at a terminal or an approver’s key can do this',
  NOT_AN_APPROVER: 'this person may not answer this approval',
  APPROVAL_CLOSED: 'the approval cannot be answered any more',
  KEY_NOT_FOUND: 'there is no such key',
  RECORD_NOT_FOUND: 'there is no such decision, count, generation or bundle',
  BELOW_FLOOR: 'a bundle may not go back so far',
  USAGE: 'a command was called with arguments it does not take',
} as const;

export type ErrorCode = keyof typeof ERRORS;

export interface GatewayErrorDetails {
  /** What the person can do now, as a sentence or a command. */
  readonly mend?: string;
  readonly cause?: unknown;
}

/** What happened to which thing (`message`), and the mend. Never a secret, never a tool's argument. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly mend: string | undefined;

  constructor(code: ErrorCode, message: string, details: GatewayErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.mend = details.mend;
  }
}

/** The words of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
