import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Failure, SessionView } from '../../src/dashboard/api.ts';
import { aDashboard, type Answered, ask, cookieIn, type ShownDashboard } from './dashboard.ts';
import { aProvider, type FakeProvider } from './provider.ts';

let provider: FakeProvider;
let shown: ShownDashboard;

beforeAll(async () => {
  provider = await aProvider('dashboard');
  const oidc = { issuer: provider.issuer, clientId: 'dashboard' };
  const rights = { read: ['staff'], approve: ['leads'], change: ['platform'] };
  shown = await aDashboard({ dashboard: { port: 0, oidc, rights } });
});

afterAll(async () => {
  await shown.close();
  provider.close();
});

async function begin(): Promise<Answered> {
  return ask(`${shown.door.url}/api/oidc`);
}

async function signIn(claims: object): Promise<Answered> {
  const begun = await begin();
  const back = provider.signIn(begun.headers.location ?? '', claims);
  return ask(back, { headers: { cookie: cookieIn(begun) } });
}

test('who has signed in at the provider has the rights of their groups', async () => {
  const answer = await signIn({ sub: 'ana', groups: ['leads'] });
  expect(answer.status).toBe(302);
  expect(answer.headers.location).toBe('/');
  const cookie = answer.headers['set-cookie']?.find((one) => one.includes('SameSite=Strict'))?.split(';')[0] ?? '';
  const session = await ask(`${shown.door.url}/api/session`, { headers: { cookie } });
  const { person, may } = JSON.parse(session.text) as SessionView;
  expect({ person, may }).toEqual({ person: 'user:ana', may: ['read', 'approve'] });
});

test('who is in no group of these is told so', async () => {
  const answer = await signIn({ sub: 'zoe', groups: ['guests'] });
  expect(answer.status).toBe(403);
  expect((JSON.parse(answer.text) as Failure).message).toContain('zoe is signed in, and is in no group');
});

test('only the browser that began can end it, and once', async () => {
  const begun = await begin();
  const back = provider.signIn(begun.headers.location ?? '', { sub: 'ana', groups: ['staff'] });
  expect((await ask(back)).status).toBe(409);
  const cookie = cookieIn(begun);
  expect((await ask(back.replace(/state=[^&]*/, 'state=other'), { headers: { cookie } })).status).toBe(409);
  expect((await ask(back, { headers: { cookie } })).status).toBe(409);
});

test('who is asked to sign in is sent to the provider', async () => {
  const answer = await ask(`${shown.door.url}/api/session`);
  expect((JSON.parse(answer.text) as Failure).mend).toContain('/api/oidc');
});
