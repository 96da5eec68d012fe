import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const PACKED = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const TITLE = 'org.opencontainers.image.title';

interface Layer {
  readonly content: string | Buffer;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const digestOf = (content: string | Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;
export const named = (title: string, content: string): Layer => ({
  content,
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  annotations: { [TITLE]: title },
});

/** A registry with one artefact, as the distribution specification has it; each part can be made worse. */
export class Registry {
  manifest: string;
  readonly #blobs: ReadonlyMap<string, string | Buffer>;
  /** What it asks of those who come without a token: the header, and the token it gives. */
  guard: { readonly challenge: (url: string) => string; readonly token: string } | undefined;
  saysDigest = true;
  url = '';

  constructor(layers: readonly Layer[], more: Readonly<Record<string, unknown>> = {}) {
    const listed = layers.map(({ content, mediaType = PACKED, annotations }) => {
      return { mediaType, digest: digestOf(content), size: content.length, annotations };
    });
    this.manifest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, layers: listed, ...more });
    this.#blobs = new Map(layers.map(({ content }) => [digestOf(content), content]));
  }

  /** The same, with something else in its manifest. */
  with(old: string, other: string): Registry {
    this.manifest = this.manifest.replace(old, other);
    return this;
  }

  readonly answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname } = new URL(request.url ?? '', 'http://x');
    const { guard, manifest } = this;
    if (pathname === '/token') return void response.end(JSON.stringify({ token: guard?.token }));
    if (guard !== undefined && request.headers.authorization !== `Bearer ${guard.token}`)
      return void response.writeHead(401, { 'www-authenticate': guard.challenge(this.url) }).end();
    const digest = digestOf(manifest);
    if (pathname.endsWith('/manifests/v1') || pathname.endsWith(`/manifests/${digest}`)) {
      const says = this.saysDigest ? { 'docker-content-digest': digest } : {};
      return void response.writeHead(200, { 'content-type': MANIFEST_TYPE, ...says }).end(manifest);
    }
    const blob = this.#blobs.get(pathname.replace(/^.*\/blobs\//, ''));
    response.writeHead(blob === undefined ? 404 : 200).end(blob);
  };
}
