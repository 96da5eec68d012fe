/** Every name that is ours on the wire, written once. */

/** Key in `_meta` under which an answer carries the decision object. */
export const DECISION_META_KEY = 'mcp-gateway/decision';
/** Prefix of all our keys in `_meta`; a client's own keys with it are not forwarded. */
export const OWN_META_PREFIX = 'mcp-gateway/';
/** Key among `inputRequests` of what the gateway itself asks: that the user signs in to a server. */
export const SIGN_IN_KEY = 'mcp-gateway/sign-in';
/** Key in `_meta` of a result under which a server says what labels its data has: a list of texts. It goes no further. */
export const LABELS_META_KEY = 'mcp-gateway/labels';
/** Key among `inputRequests` of what the gateway itself asks: whether the user approves the call. */
export const APPROVAL_KEY = 'mcp-gateway/approval';
/** Beginning of every key that the gateway makes for people and agents. */
export const KEY_PREFIX = 'mcpg_';
/** JSON-RPC error code of a refused request that has no result shape to say so. Outside the range that JSON-RPC reserves. */
export const REFUSED_CODE = 4030;

export type ServerId = string & { readonly brand: 'ServerId' };
export type ExposedName = string & { readonly brand: 'ExposedName' };

export const SERVER_ID = /^[a-z0-9][a-z0-9-]{0,19}$/;

export function isServerId(text: string): text is ServerId {
  return SERVER_ID.test(text);
}

/** What secrets are called, in `${secret:name}`. */
export const SECRET_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function isSecretName(text: string): boolean {
  return SECRET_NAME.test(text);
}

/** What labels on data are called. */
export const LABEL = /^[a-z][a-z0-9_.-]{0,63}$/;

/** Names that would reach an object's prototype wherever a plain object is a table. */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
