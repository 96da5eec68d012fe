import { expect, test } from 'vitest';
import { kindOf } from '../../src/core/address-kind.ts';
import { oauthFetch } from '../../src/upstream/oauth-fetch.ts';
import { rejection } from './parts.ts';
import { aWebServer } from './web.ts';

/** A server on the internet; nothing is ever sent to it here. */
const OUTSIDE = new URL('https://8.8.8.8/mcp');

test.for([
  ['8.8.8.8', 'public'],
  ['2606:4700::1111', 'public'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['::ffff:10.0.0.1', 'private'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['fd12:3456::1', 'private'],
  ['169.254.169.254', 'link_local'],
  ['100.100.100.200', 'link_local'],
  ['::ffff:169.254.169.254', 'link_local'],
  ['fe80::1%eth0', 'link_local'],
  ['fd00:ec2::254', 'link_local'],
  ['0.0.0.0', 'reserved'],
  ['::', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['224.0.0.1', 'reserved'],
  ['2002:7f00:1::', 'reserved'],
  ['localhost', 'reserved'],
  ['', 'reserved'],
] as const)('the address %s is %s', ([address, kind]) => {
  expect(kindOf(address)).toBe(kind);
});

test.for([
  'http://127.0.0.1:PORT/',
  'https://127.0.0.1:PORT/',
  'https://localhost:PORT/',
  'https://2130706433:PORT/',
  'https://0x7f.1:PORT/',
  'https://[::ffff:127.0.0.1]:PORT/',
  'https://0.0.0.0:PORT/',
  'https://169.254.169.254/latest/meta-data/',
  'https://[fd00:ec2::254]/',
  'https://10.0.0.1/',
  'http://8.8.4.4/',
  'https://user:secret@8.8.8.8/',
  'file:///etc/passwd',
  'gopher://8.8.8.8/',
])('G-26 what a server on the internet names is not asked at %s', async (address) => {
  const inside = await aWebServer((_request, response) => response.end('{}'));
  const thrown = await rejection(oauthFetch({ serverUrl: OUTSIDE })(address.replace('PORT', inside.url.port)));
  expect(thrown.code).toBe('UPSTREAM_UNAVAILABLE');
  expect(thrown.message).toMatch(/ is not asked: /);
  expect(thrown.message).not.toContain('secret');
  expect(inside.seen).toEqual([]);
});

test('G-26 what a server on this machine names may be on this machine, but no metadata service', async () => {
  const inside = await aWebServer((_request, response) => response.end('{"a":1}'));
  const fetch = oauthFetch({ serverUrl: inside.url });
  expect(await (await fetch(inside.url)).json()).toEqual({ a: 1 });
  expect(await (await fetch(inside.url.href.replace('127.0.0.1', 'localhost'))).json()).toEqual({ a: 1 });
  expect((await rejection(fetch('https://169.254.169.254/'))).message).toMatch(/is not asked/);
});

test('G-26 a name that begins to point to this machine makes its server none of this machine', async () => {
  const inside = await aWebServer((_request, response) => response.end('{}'));
  const resolve = async (): Promise<{ address: string; family: number }[]> => [{ address: '127.0.0.1', family: 4 }];
  const fetch = oauthFetch({ serverUrl: new URL('https://mcp.example.com/'), resolve });
  for (const address of [`http://127.0.0.1:PORT/`, `https://id.example.com:PORT/`, 'http://localhost:PORT/']) {
    expect((await rejection(fetch(address.replace('PORT', inside.url.port)))).message).toMatch(/is not asked/);
  }
  expect(inside.seen).toEqual([]);
});

test('G-26 the address that was looked at is the one that is connected to', async () => {
  const inside = await aWebServer((_request, response) => response.end('{}'));
  const answers = ['10.1.1.1', '127.0.0.1'];
  const asked: string[] = [];
  const resolve = async (name: string): Promise<{ address: string; family: number }[]> => {
    asked.push(name);
    return [{ address: answers.shift() ?? '127.0.0.1', family: 4 }];
  };
  const fetch = oauthFetch({ serverUrl: OUTSIDE, resolve });
  expect((await rejection(fetch(`https://id.example.com:${inside.url.port}/`))).message).toMatch(/is not asked/);
  expect([asked, inside.seen]).toEqual([['id.example.com'], []]);
});

test('G-26 no redirect is followed', async () => {
  const inside = await aWebServer((_request, response) => response.end('{}'));
  const door = await aWebServer((_request, response) => response.writeHead(302, { location: inside.url.href }).end());
  const answer = await oauthFetch({ serverUrl: door.url })(door.url);
  expect([answer.status, answer.headers.get('location'), inside.seen]).toEqual([302, inside.url.href, []]);
});

test('G-26 an answer that is too long or too slow is not waited for', async () => {
  const long = await aWebServer((_request, response) => response.end('x'.repeat(2_000)));
  const slow = await aWebServer((_request, response) => response.writeHead(200).write('{'));
  const limited = (serverUrl: URL) => oauthFetch({ serverUrl, maxBytes: 1_000, timeoutMs: 100 })(serverUrl);
  expect((await rejection(limited(long.url))).message).toMatch(/longer than 1000 bytes/);
  expect((await rejection(limited(slow.url))).message).toMatch(/too slow/);
});

test('forms, headers and statuses arrive as they were sent', async () => {
  const web = await aWebServer((_request, response) => response.writeHead(204, { 'x-one': 'a' }).end());
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'a b&c' });
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
  const answer = await oauthFetch({ serverUrl: web.url })(web.url, { method: 'POST', headers, body });
  expect([answer.status, answer.headers.get('x-one')]).toEqual([204, 'a']);
  expect(web.seen).toMatchObject([{ method: 'POST', body: 'grant_type=refresh_token&refresh_token=a+b%26c' }]);
});

test('what cannot be reached is named without its path', async () => {
  const gone = await aWebServer((request) => request.socket.destroy());
  const thrown = await rejection(oauthFetch({ serverUrl: gone.url })(`${gone.url.origin}/secret?token=secret`));
  expect([thrown.code, thrown.message]).toEqual([
    'UPSTREAM_UNAVAILABLE',
    `${gone.url.origin} cannot be reached (ECONNRESET).`,
  ]);
});
