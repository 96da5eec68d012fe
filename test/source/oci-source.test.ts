import { describe, expect, it } from 'vitest';
import type { OciAddress } from '../../src/core/bundle-address.ts';
import { belongsToBundle } from '../../src/policy/bundle-path.ts';
import { ociSource } from '../../src/source/oci-source.ts';
import type { SourceAnswer } from '../../src/source/source.ts';
import { aService, type WebService } from './a-bundle-service.ts';
import { digestOf, named, PACKED, Registry, TITLE } from './a-registry.ts';

async function serve(registry: Registry): Promise<WebService> {
  const service = await aService(registry.answer);
  registry.url = service.url;
  return service;
}

interface Asking {
  readonly known?: string;
  readonly address?: Partial<OciAddress>;
  readonly basic?: string;
  readonly bearer?: string;
}

function ask(
  service: WebService,
  { known = '', address = {}, basic = '', bearer = '' }: Asking = {},
): Promise<SourceAnswer> {
  const registry = new URL(service.url).host;
  const named: OciAddress = { kind: 'oci', registry, repository: 'team/policy', tag: 'v1', digest: '', ...address };
  const source = ociSource(named, { credentials: { basic, bearer }, isWanted: belongsToBundle });
  return source.ask({ known, waitMs: 0, signal: new AbortController().signal });
}

async function whyNot(registry: Registry, asking: Asking = {}): Promise<string> {
  return ask(await serve(registry), asking).then(
    () => 'it was read',
    (thrown: Error) => thrown.message,
  );
}

describe('an artefact', () => {
  it('of one packed layer is an archive, whose revision is the digest of its manifest', async () => {
    const registry = new Registry([{ content: 'packed' }]);
    expect(await ask(await serve(registry))).toEqual({
      kind: 'new',
      canWait: false,
      revision: digestOf(registry.manifest),
      content: { kind: 'archive', bytes: Buffer.from('packed') },
    });
  });

  it('of an archive without a type of its own is one, too', async () => {
    const registry = new Registry([named('bundle.tar.gz', 'packed')]);
    expect(await ask(await serve(registry))).toMatchObject({ content: { kind: 'archive' } });
  });

  it('of files is these files, less what belongs to no bundle', async () => {
    const registry = new Registry([
      named('.manifest', '{}'),
      named('rules/a.rego', 'package a'),
      named('README.md', '#'),
    ]);
    const service = await serve(registry);
    const files = new Map([
      ['.manifest', Buffer.from('{}')],
      ['rules/a.rego', Buffer.from('package a')],
    ]);
    expect(await ask(service)).toMatchObject({ content: { kind: 'files', files } });
    expect(service.seen.filter(({ url }) => url.includes('/blobs/'))).toHaveLength(2);
  });

  it('that is at hand is asked for by its tag alone', async () => {
    const registry = new Registry([{ content: 'packed' }]);
    const service = await serve(registry);
    expect(await ask(service, { known: digestOf(registry.manifest) })).toEqual({ kind: 'same', canWait: false });
    expect(service.seen.map(({ method }) => method)).toEqual(['HEAD']);
  });

  it('that is named by a digest is that one or none', async () => {
    const registry = new Registry([{ content: 'packed' }]);
    const digest = digestOf(registry.manifest);
    const service = await serve(registry);
    expect(await ask(service, { address: { digest } })).toMatchObject({ revision: digest });
    expect(await ask(service, { address: { digest }, known: digest })).toEqual({ kind: 'same', canWait: false });
    expect(await whyNot(registry, { address: { digest: digestOf('another') } })).toMatch(/has no such artefact/);
  });

  it('may come from a registry that does not say digests', async () => {
    const registry = new Registry([{ content: 'packed' }]);
    registry.saysDigest = false;
    const known = digestOf(registry.manifest);
    expect(await ask(await serve(registry))).toMatchObject({ kind: 'new', revision: known });
    expect(await ask(await serve(registry), { known })).toEqual({ kind: 'same', canWait: false });
  });

  it.each([
    [
      'an image for several machines',
      new Registry([], { mediaType: 'application/vnd.oci.image.index.v1+json' }),
      /image\.index/,
    ],
    ['nothing in it', new Registry([]), /has no layer/],
    ['two archives', new Registry([{ content: 'a' }, { content: 'b' }]), /has 2 packed layers/],
    ['no bundle', new Registry([named('notes.txt', 'x')]), /there is no bundle in the artefact/],
    [
      'one path twice',
      new Registry([named('a.rego', 'x'), named('a.rego', 'y')]),
      /two layers of the artefact have one path/,
    ],
    [
      'a folder packed under its name',
      new Registry([{ content: 'x', annotations: { 'io.deis.oras.content.unpack': 'true', [TITLE]: 'policy' } }]),
      /a folder that oras has packed/,
    ],
    [
      'a layer that is too large',
      new Registry([], { layers: [{ mediaType: PACKED, digest: digestOf(''), size: 17e6 }] }),
      /larger than 16 MB/,
    ],
    [
      'a layer of another length',
      new Registry([{ content: 'x' }]).with('"size":1', '"size":2'),
      /is not the one that sha256:/,
    ],
    ['a layer that is gone', new Registry([{ content: 'x' }]).with(digestOf('x'), digestOf('y')), /no such artefact/],
    ['another hash', new Registry([{ content: 'x' }]).with('sha256:', 'sha512:'), /its manifest is not one/],
  ])('with %s is not taken', async (_, registry, why) => {
    expect(await whyNot(registry)).toMatch(why);
  });

  it('whose bytes are not those of its digest is not taken', async () => {
    const registry = new Registry([{ content: 'packed' }]);
    const right = digestOf(registry.manifest);
    const service = await aService((request, response) => {
      if (request.url?.includes('/blobs/')) return response.end('pAcked');
      return registry.answer(request, response);
    });
    await expect(ask(service)).rejects.toThrow(/the layer that came is not the one that sha256:/);
    const other = await aService((request, response) => {
      const isHead = request.method === 'HEAD';
      response
        .writeHead(200, { 'docker-content-digest': right })
        .end(isHead ? undefined : registry.manifest.replace('2', '3'));
    });
    await expect(ask(other)).rejects.toThrow(/the manifest that came is not the one that sha256:/);
  });

  it('is not looked for in a web page', async () => {
    const service = await aService((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    );
    await expect(ask(service)).rejects.toThrow(/the registry answers with a web page/);
  });
});

describe('a registry that wants to know who asks', () => {
  const challenge = (url: string): string =>
    `Bearer realm="${url}token?account=any",service="the registry",scope="repository:team/policy:pull,push"`;

  it('gives a token for reading this repository to who may', async () => {
    const registry = new Registry([{ content: 'packed' }]);
    registry.guard = { challenge, token: 'short-lived' };
    const service = await serve(registry);
    expect(await ask(service, { basic: 'Basic Ym90OndvcmQ=' })).toMatchObject({ kind: 'new' });
    const tokens = service.seen.filter(({ url }) => url.startsWith('/token'));
    expect(tokens).toMatchObject([
      {
        url: '/token?account=any&service=the+registry&scope=repository%3Ateam%2Fpolicy%3Apull',
        headers: { authorization: 'Basic Ym90OndvcmQ=' },
      },
    ]);
    const shown = service.seen.filter(({ url }) => url.startsWith('/v2/')).map(({ headers }) => headers.authorization);
    expect(shown).toEqual([undefined, 'Bearer short-lived', 'Bearer short-lived', 'Bearer short-lived']);
  });

  it('is shown a token of one’s own', async () => {
    const registry = new Registry([{ content: 'packed' }]);
    registry.guard = { challenge, token: 'my-own' };
    const service = await serve(registry);
    expect(await ask(service, { bearer: 'my-own' })).toMatchObject({ kind: 'new' });
    expect(service.seen.some(({ url }) => url.startsWith('/token'))).toBe(false);
  });

  it.each([
    ['refuses whoever comes', () => 'Basic realm="x"', /refuses the credentials/],
    ['asks for what nobody knows', () => 'Negotiate', /a sign-in that is not known/],
    ['names a place in the open', () => 'Bearer realm="http://203.0.113.9/token"', /further inside/],
    ['names no place', () => 'Bearer service="x"', /names no place to sign in/],
    ['names a place inside', () => 'Bearer realm="https://10.1.2.3/token"', /further inside/],
  ])('and %s gives nothing', async (_, asked, why) => {
    const registry = new Registry([{ content: 'packed' }]);
    registry.guard = { challenge: asked, token: 'none' };
    expect(await whyNot(registry)).toMatch(why);
  });
});
