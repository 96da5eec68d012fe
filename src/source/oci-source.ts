import { isLoopbackHost, type OciAddress } from '../core/bundle-address.ts';
import { sha256Hex } from '../core/canonical-json.ts';
import { httpGet, type HttpAnswer } from './http-get.ts';
import { authorizationFor, refused, type RegistryCredentials } from './oci-auth.ts';
import { bundleParts, type Descriptor, MANIFEST_TYPES } from './oci-manifest.ts';
import {
  ANSWER_MS,
  MAX_DOWNLOAD_BYTES,
  type Source,
  type SourceAnswer,
  type SourceContent,
  SourceProblem,
} from './source.ts';

export interface OciSourceOptions {
  readonly credentials: RegistryCredentials;
  /** Whether a file belongs to a bundle; the others are not read. */
  readonly isWanted: (path: string) => boolean;
}

const MOST_MANIFEST_BYTES = 4 * 1024 * 1024;
const ANY_ACCEPTED = { accept: [...MANIFEST_TYPES, 'application/vnd.oci.image.index.v1+json'].join(', ') };

/**
 * An artefact in a registry. The revision is the digest of its manifest; a tag is looked up anew at every question. Whatever
 * comes is held against the digest that named it. Source: OCI distribution specification, "Pull".
 */
export function ociSource(address: OciAddress, options: OciSourceOptions): Source {
  const registry = registryUrl(address.registry);
  return {
    ask: async ({ known, signal }) => {
      const visit = new Visit({ ...address, repository: repositoryAt(address) }, { ...options, registry, signal });
      return visit.answer(known);
    },
  };
}

/** Only on this machine a registry is spoken with in the open. */
function registryUrl(host: string): URL {
  if (host === 'docker.io') return new URL('https://registry-1.docker.io');
  return new URL(`${isLoopbackHost(host) ? 'http' : 'https'}://${host}`);
}

function repositoryAt({ registry, repository }: OciAddress): string {
  return registry === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository;
}

interface VisitOptions extends OciSourceOptions {
  readonly registry: URL;
  readonly signal: AbortSignal;
}

/** One question to a registry: its requests share one token. */
class Visit {
  readonly #address: OciAddress;
  readonly #options: VisitOptions;
  #authorization = '';

  constructor(address: OciAddress, options: VisitOptions) {
    this.#address = address;
    this.#options = options;
  }

  async answer(known: string): Promise<SourceAnswer> {
    const pinned = this.#address.digest;
    const named = pinned === '' ? await this.#lookUp() : pinned;
    // What a digest names cannot change, so that the registry need not be asked again.
    if (named !== '' && named === known) return { kind: 'same', canWait: false };
    const { manifest, digest } = await this.#manifest(named);
    if (digest === known) return { kind: 'same', canWait: false };
    return { kind: 'new', canWait: false, revision: digest, content: await this.#content(manifest) };
  }

  /** The digest that the tag points to now; empty where the registry does not say. */
  async #lookUp(): Promise<string> {
    const { headers } = await this.#get('HEAD', `manifests/${this.#address.tag}`, 0);
    const digest = headers['docker-content-digest'];
    return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : '';
  }

  async #manifest(named: string): Promise<{ readonly manifest: Buffer; readonly digest: string }> {
    const { tag } = this.#address;
    const answer = await this.#get('GET', `manifests/${named === '' ? tag : named}`, MOST_MANIFEST_BYTES);
    if (answer.mediaType === 'text/html')
      throw new SourceProblem(
        'the registry answers with a web page',
        'Check the address: it names a registry, not its page.',
      );
    const digest = `sha256:${sha256Hex(answer.body)}`;
    if (named !== '' && named !== digest) throw otherDigest('manifest', named);
    return { manifest: answer.body, digest };
  }

  async #content(manifest: Buffer): Promise<SourceContent> {
    const parts = bundleParts(manifest, this.#options.isWanted);
    if (parts.kind === 'archive') return { kind: 'archive', bytes: await this.#blob(parts.layer) };
    const bytes = [...parts.layers.values()].reduce((sum, { size }) => sum + size, 0);
    if (bytes > MAX_DOWNLOAD_BYTES) throw tooLarge();
    const files = new Map<string, Uint8Array>();
    for (const [path, layer] of parts.layers) files.set(path, await this.#blob(layer));
    return { kind: 'files', files };
  }

  async #blob({ digest, size }: Descriptor): Promise<Buffer> {
    if (size > MAX_DOWNLOAD_BYTES) throw tooLarge();
    const { body } = await this.#get('GET', `blobs/${digest}`, MAX_DOWNLOAD_BYTES);
    if (body.length !== size || `sha256:${sha256Hex(body)}` !== digest) throw otherDigest('layer', digest);
    return body;
  }

  /** Asks, and where the registry wants to know who asks, once more. */
  async #get(method: 'GET' | 'HEAD', path: string, maxBytes: number): Promise<HttpAnswer> {
    const first = await this.#request(method, path, maxBytes);
    if (first.status !== 401 || this.#authorization !== '') return this.#successful(first);
    const { registry, credentials, signal } = this.#options;
    const { repository } = this.#address;
    this.#authorization = await authorizationFor(first, { registry, repository, credentials, signal });
    return this.#successful(await this.#request(method, path, maxBytes));
  }

  #request(method: 'GET' | 'HEAD', path: string, maxBytes: number): Promise<HttpAnswer> {
    const { registry, signal } = this.#options;
    return httpGet(new URL(`/v2/${this.#address.repository}/${path}`, registry), {
      method,
      headers: path.startsWith('manifests/') ? ANY_ACCEPTED : {},
      authorization: this.#authorization,
      maxBytes: Math.max(maxBytes, MOST_REFUSAL_BYTES),
      timeoutMs: ANSWER_MS,
      signal,
    });
  }

  #successful(answer: HttpAnswer): HttpAnswer {
    const { status } = answer;
    if (status === 200) return answer;
    const { registry } = this.#options;
    if (status === 401 || status === 403) throw refused(registry);
    if (status === 404)
      throw new SourceProblem(
        `${registry.host} has no such artefact (404)`,
        'Check name and tag, and whether it may be read.',
      );
    throw new SourceProblem(`${registry.host} answers with status ${status}`, 'Look at the registry itself.');
  }
}

/** What a registry may say with a refusal. */
const MOST_REFUSAL_BYTES = 64 * 1024;

function otherDigest(what: string, named: string): SourceProblem {
  return new SourceProblem(
    `the ${what} that came is not the one that ${named.slice(0, 19)}… names`,
    'The registry, or something before it, gives other bytes than were pushed: push the artefact again, and find out why.',
  );
}

function tooLarge(): SourceProblem {
  return new SourceProblem(`it is larger than ${MAX_DOWNLOAD_BYTES / 1024 / 1024} MB`, 'Make the bundle smaller.');
}
