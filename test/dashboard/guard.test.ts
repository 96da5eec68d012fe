import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLink } from '../../src/app/dashboard-people.ts';
import { dashboardPort } from '../../src/app/dashboard-port.ts';
import { workbenchThread } from '../../src/app/workbench.ts';
import { GatewayError } from '../../src/core/errors.ts';
import type { Failure, SessionView } from '../../src/dashboard/api.ts';
import { serveDashboard } from '../../src/dashboard/server.ts';
import { readsThread } from '../../src/state/reads-thread.ts';
import { anAct, realClock } from '../state/records.ts';
import { aDashboard, ask, Browser, logIn, OWNER, type ShownDashboard } from './dashboard.ts';

let shown: ShownDashboard;
let browser: Browser;
let url: string;

beforeAll(async () => {
  shown = await aDashboard();
  ({ url } = shown.door);
  browser = await Browser.signIn(shown);
});

afterAll(() => shown.close());

function failureIn({ text }: { readonly text: string }): Failure {
  return JSON.parse(text) as Failure;
}

describe('who comes in with an approver’s key', () => {
  const key = { id: 'k1', role: 'approver', hash: 'ab', user: 'dana', groups: ['leads'], agent: '' } as const;
  const held = { person: 'dana', groups: ['leads'], key: 'k1', actor: 'key:k1', via: 'approver_key' } as const;
  const rightsIn = async (one: Browser): Promise<readonly string[]> =>
    (await one.json<SessionView>('/api/session')).may;

  beforeAll(
    async () =>
      void (await shown.store.log.act(anAct(), [{ kind: 'add_key', key: { ...key, dataClasses: [], createdMs: 5 } }])),
  );

  test('may look and answer approvals, and changes nothing else', async () => {
    const dana = await Browser.signIn(shown, held);
    expect(await rightsIn(dana)).toEqual(['read', 'approve']);
    const answer = await dana.post('/api/changes', { bundle: 'limits', source: './limits' });
    expect([answer.status, failureIn(answer).code]).toEqual([403, 'NOT_ALLOWED']);
  });

  test('is out when it is revoked, and so is a link that was made with it', async () => {
    const dana = await Browser.signIn(shown, held);
    const token = await makeLink(shown.store, realClock, { ...OWNER, ...held, readsOnly: false });
    await shown.store.log.act(anAct(), [{ kind: 'revoke_key', id: 'k1', atMs: Date.now() }]);
    expect((await dana.get('/api/decisions')).status).toBe(401);
    expect(failureIn(await logIn(url, token)).code).toBe('LINK_UNKNOWN');
    expect(await rightsIn(browser)).toContain('change');
  });
});

test('who has signed out is told nothing more by what was begun before', async () => {
  const other = await Browser.signIn(shown);
  const following = ask(`${url}/api/decisions/stream`, { headers: { cookie: other.cookie } });
  await other.post('/api/logout');
  expect((await following).text).toContain(': begun');
});

test('an export that breaks off does not look like a whole one', async () => {
  const lines: readonly string[][] = [[], ['a line\n'], ['a line\n', 'another\n', 'and another\n']];
  async function* breaking(): AsyncGenerator<string> {
    yield* lines[next] ?? [];
    await Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'the disk is gone'));
  }
  let next = 0;
  const { ground } = shown;
  const { reads } = readsThread({ place: shown.store.place, home: shown.home });
  const { bench } = workbenchThread(ground);
  const port = { ...dashboardPort({ ...ground, reads, bench }), exportLines: breaking };
  const oidc = undefined;
  const options = { ...ground, port, oidc, host: '127.0.0.1', tcpPort: 0, publicUrl: undefined, pages: '' };
  const door = await serveDashboard(options);
  const signedIn = await Browser.signIn({ store: shown.store, door });
  const path = '/api/decisions/export?format=jsonl';
  expect(failureIn(await signedIn.get(path)).message).toBe('the disk is gone');
  for (next = 1; next < lines.length; next += 1) await expect(signedIn.get(path)).rejects.toThrow(/aborted|hang up/);
  await door.close();
});

describe('what other pages can do', () => {
  test.for(['evil.example', 'localhost.evil.example:1', '127.0.0.1.nip.io', '0.0.0.0', '127.0.0.1', '127.0.0.1:1'])(
    'a page that calls itself %s gets nothing',
    async (host) => {
      for (const path of ['/', '/api/session', '/api/decisions/stream']) {
        const answer = await browser.get(path, { host });
        expect(answer.status).toBe(403);
        expect(failureIn(answer).code).toBe('WRONG_HOST');
      }
    },
  );

  test.for(['null', 'http://evil.example', 'https://127.0.0.1', 'http://127.0.0.1:1'])(
    'a request from %s is refused',
    async (origin) => {
      expect((await browser.get('/api/session', { origin })).status).toBe(403);
      expect((await browser.post('/api/logout', {}, { origin })).status).toBe(403);
      expect((await logIn(url, 'token', { origin })).status).toBe(403);
    },
  );

  test.for(['cross-site', 'same-site'])('a picture on a page that is %s shows nothing', async (site) => {
    const answer = await browser.get('/api/decisions/stream', { 'sec-fetch-site': site });
    expect([answer.status, failureIn(answer).code]).toEqual([403, 'WRONG_ORIGIN']);
    expect((await browser.get('/api/session', { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  test('what changes something has to come from a page of its own', async () => {
    const { cookie, csrf } = browser;
    const headers = { cookie, 'content-type': 'application/json', 'x-csrf-token': csrf };
    const answer = await ask(`${url}/api/logout`, { method: 'POST', headers, body: '{}' });
    expect(failureIn(answer).code).toBe('WRONG_ORIGIN');
  });

  test.for(['', 'wrong', 'A'.repeat(43)])('without the token of the session (%s) nothing changes', async (csrf) => {
    const answer = await browser.post('/api/approvals/0198a1b2/approve', {}, { 'x-csrf-token': csrf });
    expect(answer.status).toBe(403);
    expect(failureIn(answer).code).toBe('CSRF');
    const other = await Browser.signIn(shown);
    expect((await browser.post('/api/logout', {}, { 'x-csrf-token': other.csrf })).status).toBe(403);
  });

  test.for(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'a form cannot send %s',
    async (type) => {
      const answer = await browser.post('/api/approvals/0198a1b2/approve', {}, { 'content-type': type });
      expect(answer.status).toBe(415);
    },
  );

  test('what the interface says is kept nowhere', async () => {
    for (const path of ['/api/session', '/api/nothing', '/api/report.csv']) {
      expect((await browser.get(path)).headers['cache-control']).toBe('no-store');
    }
  });

  test('every answer forbids to be framed, guessed at and told of', async () => {
    for (const path of ['/', '/api/session', '/api/nothing', '/no.such.js']) {
      const { headers } = await browser.get(path);
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringContaining("default-src 'self'"),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test.for([
    '/../../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fpackage.json',
    '/assets/..%5c..%5cx.json',
  ])('no path leads out of the pages: %s', async (path) => {
    expect((await browser.get(path)).status).toBe(404);
  });
});
