import type * as Sdk from '@modelcontextprotocol/client';

export type OauthSdk = typeof Sdk;

/**
 * The SDK's functions for OAuth. Loaded when a server first wants a sign-in or a token is renewed: it costs a seventh
 * of a second of CPU, and most gateways never need it (docs/decisions/011).
 */
export function loadOauthSdk(): Promise<OauthSdk> {
  return import('@modelcontextprotocol/client');
}
