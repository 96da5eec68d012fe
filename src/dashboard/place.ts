import { isLoopbackAddress } from '../core/bundle-address.ts';

/** Where the dashboard is reached: the names that it answers to, and what browsers call it. */
export interface Place {
  /** `http://127.0.0.1:3701`, without a slash behind it. */
  readonly url: string;
  /** Values of the Host header, in lower case. */
  readonly hosts: ReadonlySet<string>;
  /** Values of the Origin header. */
  readonly origins: ReadonlySet<string>;
  readonly isSecure: boolean;
  /** Cookies are shared by all ports of a host, so the name has the port. */
  readonly cookie: string;
}

export interface Binding {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
}

export function placeOf({ host, port, publicUrl }: Binding): Place {
  const own = isLoopbackAddress(host) ? ['127.0.0.1', 'localhost', '[::1]'] : [host.includes(':') ? `[${host}]` : host];
  const local = own.map((name) => `${name}:${String(port)}`);
  const open = publicUrl === undefined ? undefined : new URL(publicUrl);
  const isSecure = open?.protocol === 'https:';
  const first = isLoopbackAddress(host) && host !== '::1' ? '127.0.0.1' : own.at(-1);
  return {
    url: open?.origin ?? `http://${first ?? host}:${String(port)}`,
    hosts: new Set([...local, ...(open === undefined ? [] : [open.host])]),
    origins: new Set([...local.map((name) => `http://${name}`), ...(open === undefined ? [] : [open.origin])]),
    isSecure,
    cookie: isSecure ? '__Host-mcp-gateway' : `mcp-gateway-${String(port)}`,
  };
}
