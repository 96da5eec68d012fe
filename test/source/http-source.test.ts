import { describe, expect, it } from 'vitest';
import { httpSource } from '../../src/source/http-source.ts';
import type { Question, SourceAnswer } from '../../src/source/source.ts';
import { aService, type Answering, BundleService, type WebService } from './a-bundle-service.ts';

const BUNDLE = Buffer.from('the bytes of a bundle');
const AUTHORIZATION = 'Bearer secret-word';

function ask(service: WebService, question: Partial<Question> = {}, authorization = ''): Promise<SourceAnswer> {
  const { signal } = new AbortController();
  return httpSource(`${service.url}bundle.tar.gz`, authorization).ask({ known: '', waitMs: 0, signal, ...question });
}

async function whyNot(answer: Answering): Promise<string> {
  const service = await aService(answer);
  return ask(service).then(
    () => 'it was read',
    (thrown: Error) => thrown.message,
  );
}

const answering =
  (status: number, headers: Readonly<Record<string, string>>, body = ''): Answering =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

describe('a bundle service', () => {
  it('gives its bundle, whose revision is the ETag', async () => {
    const service = await aService(new BundleService(BUNDLE, 'one').answer);
    const content = { kind: 'archive', bytes: BUNDLE };
    expect(await ask(service)).toEqual({ kind: 'new', revision: '"one"', content, canWait: false });
    expect(service.seen).toMatchObject([{ method: 'GET', headers: { prefer: 'modes=snapshot' } }]);
  });

  it('is asked for what is newer, and says that nothing is', async () => {
    const service = await aService(new BundleService(BUNDLE, 'one').answer);
    expect(await ask(service, { known: '"one"' })).toEqual({ kind: 'same', canWait: false });
    expect(service.seen).toMatchObject([{ headers: { 'if-none-match': '"one"' } }]);
  });

  it('holds the question until there is something newer, where it can', async () => {
    const bundles = new BundleService(BUNDLE, 'one', { waits: true });
    const service = await aService(bundles.answer);
    expect(await ask(service)).toMatchObject({ kind: 'new', canWait: true });
    const asked = ask(service, { known: '"one"', waitMs: 30_000 });
    await expect.poll(() => service.seen.length).toBe(2);
    bundles.publish(Buffer.from('newer'), 'two');
    expect(await asked).toMatchObject({ kind: 'new', revision: '"two"', canWait: true });
    expect(service.seen[1]?.headers['prefer']).toBe('modes=snapshot;wait=30');
  });

  it('that knows no ETag is told apart by what it sends', async () => {
    const service = await aService(answering(200, { 'content-type': 'application/octet-stream' }, 'bytes'));
    const first = await ask(service);
    const revision = first.kind === 'new' ? first.revision : '';
    expect(revision).toMatch(/^sha256:/);
    expect(await ask(service, { known: revision })).toEqual({ kind: 'same', canWait: false });
    expect(service.seen[1]?.headers['if-none-match']).toBeUndefined();
  });

  it('is shown the credentials', async () => {
    const service = await aService(new BundleService(BUNDLE, 'one').answer);
    await ask(service, {}, AUTHORIZATION);
    expect(service.seen[0]?.headers.authorization).toBe(AUTHORIZATION);
  });

  it.each([
    [
      'a web page',
      answering(200, { 'content-type': 'text/html; charset=utf-8' }, '<html>'),
      /with a web page, not with/,
    ],
    ['JSON', answering(200, { 'content-type': 'application/json' }, '{}'), /media type "application\/json"/],
    ['nothing there', answering(404, {}), /there is nothing at this address \(404\)/],
    ['a refusal', answering(403, {}), /refuses the credentials \(403\)/],
    ['a fault', answering(500, {}), /answers with status 500/],
    ['304 to somebody who has nothing', answering(304, {}), /answers with status 304/],
    [
      'half a download',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000', 'content-type': 'application/gzip' });
        response.write('half');
        setTimeout(() => response.destroy(), 20);
      },
      /the connection ended within the answer/,
    ],
    [
      'more than 16 MB',
      (_, response) => response.writeHead(200, {}).end(Buffer.alloc(16 * 1024 * 1024 + 1)),
      /larger than 16 MB/,
    ],
    ['a circle of redirects', answering(302, { location: '/bundle.tar.gz' }), /redirects more than 5 times/],
    ['a redirect to a file', answering(302, { location: 'file:///etc/passwd' }), /an address that is not followed/],
    [
      'a redirect with a password',
      answering(302, { location: 'https://a:b@host/' }),
      /an address that is not followed/,
    ],
  ] satisfies readonly (readonly [string, Answering, RegExp])[])(
    'that answers with %s is not taken',
    async (_, answer, why) => {
      expect(await whyNot(answer)).toMatch(why);
    },
  );

  it('that is not there is named', async () => {
    const service = await aService(() => undefined);
    service.close();
    await expect(ask(service)).rejects.toThrow(/^127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)$/);
  });

  it('may lead on to another place, which is not shown the credentials', async () => {
    const store = await aService(new BundleService(BUNDLE, 'one').answer);
    const service = await aService(answering(307, { location: `${store.url}file?sig=1` }));
    expect(await ask(service, {}, AUTHORIZATION)).toMatchObject({ kind: 'new', revision: '"one"' });
    expect(service.seen[0]?.headers.authorization).toBe(AUTHORIZATION);
    expect(store.seen).toMatchObject([{ url: '/file?sig=1' }]);
    expect(store.seen[0]?.headers.authorization).toBeUndefined();
  });

  it.each(['https://10.0.0.1/', 'https://169.254.169.254/latest/meta-data', 'http://10.0.0.1/'])(
    'G-26 may not lead from this machine to %s',
    async (location) => {
      expect(await whyNot(answering(302, { location }))).toMatch(/further inside the network/);
    },
  );

  it('is not waited for once nobody asks any more', async () => {
    const service = await aService(() => undefined);
    const asking = new AbortController();
    const asked = ask(service, { signal: asking.signal });
    await expect.poll(() => service.seen.length).toBe(1);
    asking.abort(new Error('the gateway ends'));
    await expect(asked).rejects.toThrow('the gateway ends');
  });
});
