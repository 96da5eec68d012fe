import type { IncomingHttpHeaders } from 'node:http';

/** Hosts by which this listener may be called, with their port, lower case. */
export type AllowedHosts = ReadonlySet<string>;

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'] as const;

/** The loopback names at a port, and what the configuration adds; a name without a port gets this one. */
export function allowedHostsAt(port: number, added: readonly string[]): AllowedHosts {
  const hosts = [...LOOPBACK, ...added].map((host) => (/:\d+$/.test(host) ? host : `${host}:${String(port)}`));
  return new Set(hosts.map((host) => host.toLowerCase()));
}

/**
 * Why a request may come from a web page that has no business here (DNS rebinding), or undefined. Holds on every route.
 * A request without `Origin` comes from no page of another site.
 */
export function refuseForeign(headers: IncomingHttpHeaders, allowed: AllowedHosts): string | undefined {
  const { host, origin } = headers;
  if (host === undefined || !allowed.has(host.toLowerCase())) return 'The Host header names no host of this gateway.';
  if (origin !== undefined && !isAllowedOrigin(origin, allowed))
    return 'Pages of this origin may not call this gateway.';
  return undefined;
}

function isAllowedOrigin(origin: string, allowed: AllowedHosts): boolean {
  const host = /^https?:\/\/([^/?#@\\]+)$/i.exec(origin)?.[1];
  return host !== undefined && allowed.has(host.toLowerCase());
}

/** A form of another site can send no such type without asking the browser first (CSRF). */
export function isJsonContent(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'] ?? '';
  return type === 'application/json' || JSON_TYPE.test(type);
}

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

export interface Accepted {
  readonly json: boolean;
  readonly events: boolean;
}

/** What of the two forms of an answer the client takes; without the header both. */
export function readAccept(headers: IncomingHttpHeaders): Accepted {
  const { accept } = headers;
  if (accept === undefined || accept === USUAL_ACCEPT) return BOTH;
  const types = accept
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';', 1)[0]?.trim() ?? '');
  const takes = (...names: string[]): boolean => names.some((name) => types.includes(name));
  return {
    json: takes('application/json', 'application/*', '*/*'),
    events: takes('text/event-stream', 'text/*', '*/*'),
  };
}

/** As the SDKs write it. */
const USUAL_ACCEPT = 'application/json, text/event-stream';

const BOTH: Accepted = { json: true, events: true };
