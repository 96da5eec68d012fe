import type { IncomingMessage } from 'node:http';

import { canonicalJson } from '../core/canonical-json.ts';

export interface ResourceOptions {
  /** Path of Streamable HTTP. */
  readonly path: string;
  /** Path of the old transport; undefined where it is off. */
  readonly ssePath: string | undefined;
  /** Where clients reach Streamable HTTP, if it is not where the gateway listens. */
  readonly publicUrl: URL | undefined;
  /** Who makes tokens for it; undefined where keys alone are taken. */
  readonly issuer: string | undefined;
  /** What a token needs at the least; more is asked for when it is needed. */
  readonly scopes: readonly string[];
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The gateway as OAuth sees it: a protected resource that says who makes tokens for it (RFC 9728). */
export class ProtectedResource {
  readonly #options: ResourceOptions;

  constructor(options: ResourceOptions) {
    this.#options = options;
  }

  /** Its metadata, at the well-known path with and without the path of the resource; undefined anywhere else. */
  describe(asked: string, request: IncomingMessage): string | undefined {
    const { issuer, scopes, path } = this.#options;
    if (issuer === undefined || !asked.startsWith(WELL_KNOWN)) return undefined;
    const suffix = asked.slice(WELL_KNOWN.length);
    const [resource] = suffix === '' ? [this.#urlAt(path, request)] : this.#urlsUnder(suffix, request);
    if (resource === undefined) return undefined;
    return canonicalJson({
      resource: resource.href,
      resource_name: 'mcp-gateway',
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      ...(scopes.length > 0 && { scopes_supported: scopes }),
    });
  }

  /** Where the metadata lies of what a request was sent to; undefined where there is none. */
  metadataUrl(request: IncomingMessage): string | undefined {
    const { issuer, path, ssePath } = this.#options;
    if (issuer === undefined) return undefined;
    const isOld = ssePath !== undefined && (request.url ?? '').split('?', 1)[0] !== path;
    const { origin, pathname } = this.#urlAt(isOld ? ssePath : path, request);
    return `${origin}${WELL_KNOWN}${pathname}`;
  }

  #urlsUnder(suffix: string, request: IncomingMessage): readonly URL[] {
    const { path, ssePath } = this.#options;
    return [path, ...(ssePath === undefined ? [] : [ssePath])]
      .map((own) => ({ own, url: this.#urlAt(own, request) }))
      .filter(({ own, url }) => suffix === own || suffix === url.pathname)
      .map(({ url }) => url);
  }

  /** The Host header has been looked at before. */
  #urlAt(path: string, { headers }: IncomingMessage): URL {
    const { publicUrl, path: main } = this.#options;
    if (publicUrl === undefined) return new URL(`http://${headers.host ?? 'localhost'}${path}`);
    return path === main ? publicUrl : new URL(path, publicUrl);
  }
}
