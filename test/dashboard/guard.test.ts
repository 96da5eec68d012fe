import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Failure } from '../../src/dashboard/api.ts';
import { aDashboard, ask, Browser, logIn, type ShownDashboard } from './dashboard.ts';

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
