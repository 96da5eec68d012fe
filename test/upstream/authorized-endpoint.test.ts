import { expect, test } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import type { Authorizer, Challenge } from '../../src/upstream/authorizer.ts';
import { wireTo } from '../../src/upstream/server-definition.ts';
import { aClock, aDefinition, aHost, aLogger, anUpstream, call, callTool, rejection, textOf } from './parts.ts';
import { anSdkServer, aWebServer, type WebServer } from './web.ts';

/** A server in front of which somebody asks for the token that is valid now. */
async function aGuardedServer(status = 401): Promise<WebServer & { renew(token: string): void }> {
  const inner = await anSdkServer();
  let valid = 'first';
  const web = await aWebServer(async (request, response, body) => {
    if (request.headers.authorization !== `Bearer ${valid}`) {
      return response.writeHead(status, { 'www-authenticate': 'Bearer scope="more"' }).end();
    }
    const { method = 'GET' } = request;
    const headers = new Headers(
      Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const answer = await fetch(inner.url, { method, headers, ...(body === '' ? {} : { body }) }).catch(() => undefined);
    response.writeHead(answer?.status ?? 502, Object.fromEntries(answer?.headers ?? []));
    for await (const chunk of answer?.body ?? []) response.write(chunk);
    return response.end();
  });
  return { ...web, renew: (token) => void (valid = token) };
}

function anAuthorizer(token: string, next: () => Promise<string>): Authorizer & { challenges: Challenge[] } {
  const challenges: Challenge[] = [];
  let held = token;
  return {
    challenges,
    headers: async () => ({ authorization: `Bearer ${held}` }),
    challenged: async (challenge) => {
      challenges.push(challenge);
      held = await next();
      return 'retry';
    },
  };
}

const http = ({ url }: WebServer): Parameters<typeof anUpstream>[0] => ({ kind: 'http', url, headers: {} });

test('credentials go with every request', async () => {
  const web = await aGuardedServer();
  const upstream = anUpstream(http(web), { authorizer: anAuthorizer('first', async () => 'none') });
  expect(textOf(await callTool(upstream, call('echo', { text: 'x' })))).toBe('x');
  await upstream.close();
  expect(new Set(web.seen.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer first']));
  expect(web.seen.map(({ method }) => method)).toContain('DELETE');
});

test.for([401, 403])(
  'a challenge with %i is met with new credentials, and the request is made once more',
  async (status) => {
    const web = await aGuardedServer(status);
    const authorizer = anAuthorizer('first', async () => 'second');
    const upstream = anUpstream(http(web), { authorizer });
    await upstream.start();
    web.renew('second');
    expect(textOf(await callTool(upstream, call('echo', { text: 'x' })))).toBe('x');
    expect(authorizer.challenges[0]).toEqual({
      status,
      wwwAuthenticate: 'Bearer scope="more"',
      sent: { authorization: 'Bearer first' },
    });
  },
);

test('credentials that are refused twice are an error, and not tried for ever', async () => {
  const web = await aGuardedServer();
  const authorizer = anAuthorizer('x', async () => 'y');
  const error = await rejection(anUpstream(http(web), { authorizer }).start());
  expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining('401') });
  expect(authorizer.challenges.length).toBe(1);
});

test('SIGN_IN_REQUIRED reaches the caller, counts as no failure of the server and stops nobody who has signed in', async () => {
  const web = await aGuardedServer();
  let hasSignedIn = false;
  const authorizer = anAuthorizer('x', async () => {
    if (!hasSignedIn) throw new GatewayError('SIGN_IN_REQUIRED', 'Sign in at …');
    return 'first';
  });
  const upstream = anUpstream(http(web), { authorizer });
  for (let attempt = 0; attempt < 10; attempt++) {
    expect((await rejection(callTool(upstream, call('echo', { text: 'x' })))).code).toBe('SIGN_IN_REQUIRED');
  }
  hasSignedIn = true;
  expect(textOf(await callTool(upstream, call('echo', { text: 'x' })))).toBe('x');
});

test('a 403 without a challenge is no question of credentials', async () => {
  const web = await aWebServer((_request, response) => response.writeHead(403).end());
  const authorizer = anAuthorizer('x', async () => 'y');
  await rejection(anUpstream(http(web), { authorizer }).start());
  expect(authorizer.challenges).toEqual([]);
});

test('a request that is given up while the credentials are fetched is not made', async () => {
  const web = await aWebServer((_request, response) => response.writeHead(200).end());
  let release: () => void = () => undefined;
  const headers = (): Promise<Record<string, string>> => new Promise((resolve) => (release = () => resolve({})));
  const context = { version: '0', host: aHost, clock: aClock, logger: aLogger(), maxMessageBytes: 1000 };
  const authorizer: Authorizer = { headers, challenged: async () => 'retry' };
  const wire = wireTo(aDefinition(http(web)), { ...context, authorizer });
  const sent = wire.send('{}', 1);
  wire.abandon(1);
  release();
  expect((await rejection(sent ?? Promise.resolve())).code).toBe('UPSTREAM_CLOSED');
  expect(web.seen).toEqual([]);
});

test('HTTP+SSE has the same seam', async () => {
  const web = await aWebServer((_request, response) => response.writeHead(401).end());
  const authorizer = anAuthorizer('x', async () => {
    throw new GatewayError('SIGN_IN_REQUIRED', 'Sign in at …');
  });
  const upstream = anUpstream({ kind: 'sse', url: web.url, headers: {} }, { authorizer });
  expect((await rejection(upstream.start())).code).toBe('SIGN_IN_REQUIRED');
});
