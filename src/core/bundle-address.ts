/** A place of a bundle that is reached over a network or through a program. It never holds a password. */
export type BundleAddress = HttpAddress | GitAddress | OciAddress;

/** A `.tar.gz` at an address, as OPA's bundle services have it. */
export interface HttpAddress {
  readonly kind: 'http';
  readonly url: string;
}

/** A folder of a git repository at a branch, a tag or a commit. */
export interface GitAddress {
  readonly kind: 'git';
  /** As `git` takes it. */
  readonly repository: string;
  readonly protocol: 'https' | 'http' | 'ssh' | 'file';
  readonly ref: string;
  /** Empty for the whole repository. */
  readonly folder: string;
}

/** An artefact in a registry of the OCI distribution specification. */
export interface OciAddress {
  readonly kind: 'oci';
  /** Host, with a port where one is named. */
  readonly registry: string;
  readonly repository: string;
  /** Empty where only the digest is named. */
  readonly tag: string;
  /** `sha256:…`, or empty; where it is named, the tag is only for people. */
  readonly digest: string;
}

export type ReadAddress =
  | { readonly kind: 'ok'; readonly address: BundleAddress }
  | { readonly kind: 'refused'; readonly why: string };

const ADDRESS = /^(?:[a-z][a-z0-9+.-]*:\/\/|https?:|git\+|oci:|ssh:|s3:|file:)/i;
const KNOWN = 'known are https://…, git+https://…#REF:FOLDER, git+ssh://…, git+file:///… and oci://HOST/NAME:TAG';

/** Whether a text means an address rather than a path. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** An address in the grammar of `source`, or why it is none. */
export function readBundleAddress(text: string): ReadAddress {
  try {
    return { kind: 'ok', address: addressOf(text) };
  } catch (thrown) {
    return { kind: 'refused', why: thrown instanceof Refusal ? thrown.message : `is not an address; ${KNOWN}` };
  }
}

/** The address for people, without what a query may hold. */
export function addressText(address: BundleAddress): string {
  if (address.kind === 'http') return withoutQuery(address.url);
  if (address.kind === 'git') {
    const { repository, ref, folder } = address;
    return `git+${withoutQuery(repository)}#${ref}${folder === '' ? '' : `:${folder}`}`;
  }
  const { registry, repository, tag, digest } = address;
  return `oci://${registry}/${repository}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`;
}

/** Whether a host name, with or without a port, is this machine's own (RFC 1122, RFC 4291, RFC 6761). */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(name);
}

/** Whether an address to listen on is one that this machine alone can reach; `::1` may stand in brackets or not. */
export function isLoopbackAddress(host: string): boolean {
  return host === '::1' || (!/:\d+$/.test(host) && isLoopbackHost(host));
}

/** Ends the reading of an address; never seen outside. */
class Refusal extends Error {}

function addressOf(text: string): BundleAddress {
  if (/^oci:/i.test(text)) return ociAddress(text);
  if (/^git\+/i.test(text)) return gitAddress(text.slice('git+'.length));
  if (/^https?:/i.test(text)) return httpAddress(text);
  throw new Refusal(`is not an address that bundles come from; ${KNOWN}`);
}

function httpAddress(text: string): HttpAddress {
  const url = urlOf(text);
  refusePassword(url);
  refusePlainHttp(url);
  if (url.hash !== '') throw new Refusal('has a fragment; only git+… has one');
  return { kind: 'http', url: url.href };
}

const GIT_PROTOCOLS: Readonly<Record<string, GitAddress['protocol']>> = {
  'https:': 'https',
  'http:': 'http',
  'ssh:': 'ssh',
  'file:': 'file',
};
/** Less than git allows: nothing in it can be taken for an option, a range or a second ref. */
const REF = /^[A-Za-z0-9_][\w./+-]{0,254}$/;
const FOLDER = /^[\w.@+-]+(?:\/[\w.@+-]+)*$/;

function gitAddress(text: string): GitAddress {
  const url = urlOf(text);
  const protocol = GIT_PROTOCOLS[url.protocol];
  if (protocol === undefined) throw new Refusal(`is not an address of git; ${KNOWN}`);
  // ssh names its user in the address, and has no password there.
  if (protocol === 'ssh') refuseTexts(url.password);
  else refusePassword(url);
  refusePlainHttp(url);
  if (protocol === 'file' && url.host !== '') throw new Refusal('names a host; write git+file:///PATH');
  const [ref = '', folder = '', ...more] = decodeURIComponent(url.hash.slice(1)).split(':');
  if (ref === '') throw new Refusal('names no branch, tag or commit; write one after the #, as in …/policy.git#v1.2');
  if (!REF.test(ref) || ref.includes('..')) throw new Refusal(`names "${ref}", which is no branch, tag or commit`);
  const isFolder = folder === '' || (FOLDER.test(folder) && !folder.split('/').some((part) => /^\.{1,2}$/.test(part)));
  if (!isFolder || more.length > 0) throw new Refusal('names no folder after the ref; write #REF:FOLDER');
  url.hash = '';
  return { kind: 'git', repository: url.href, protocol, ref, folder };
}

/** Name and tag as in the OCI distribution specification, "Pulling manifests". */
const OCI =
  /^oci:\/\/(?<registry>[a-z0-9.-]+(?::\d{1,5})?|\[::1\](?::\d{1,5})?)\/(?<repository>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

function ociAddress(text: string): OciAddress {
  if (/^oci:\/\/[^/]*@/i.test(text)) refuseTexts('@');
  const { registry = '', repository = '', tag = '', digest = '' } = OCI.exec(text)?.groups ?? {};
  if (registry === '') throw new Refusal('is no artefact of a registry; write oci://HOST/NAME:TAG or …@sha256:DIGEST');
  if (tag === '' && digest === '') throw new Refusal('names neither a tag nor a digest; write oci://HOST/NAME:TAG');
  return { kind: 'oci', registry, repository, tag, digest };
}

function urlOf(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new Refusal(`is not an address; ${KNOWN}`);
  }
}

function refusePassword({ username, password }: URL): void {
  refuseTexts(username, password);
}

function refuseTexts(...secrets: readonly string[]): void {
  if (secrets.some((text) => text !== ''))
    throw new Refusal('carries a name or a password; write them under credentials, as references');
}

function refusePlainHttp({ protocol, host }: URL): void {
  if (protocol === 'http:' && !isLoopbackHost(host))
    throw new Refusal('is plain http to another machine: whoever is in between could change the policy; use https');
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '');
}
