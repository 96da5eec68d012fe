import { chromium, type Page } from 'playwright-core';
import { beforeAll, expect, inject, test, vi } from 'vitest';
import { type AnyClient, httpV2 } from '../e2e/clients.ts';
import { freePort } from '../e2e/free-port.ts';
import { aPlace, atEndOfFile, type HttpGateway, PATIENCE, type Place, runProgram, serveHttp } from '../e2e/program.ts';
import { aRule, journal, textsIn, writeBundle } from '../e2e/servers.ts';

// The pages with the program itself: real calls, real decisions, the link that `dashboard open` prints.
const untilEnd = atEndOfFile();
let place: Place;
let gateway: HttpGateway;
let client: AnyClient;
let page: Page;
const complaints: string[] = [];

const RULES =
  aRule('T-1', 'allow contains {"id": "T-1", "reason": "fine"} if input.action.tool != ""') +
  aRule('T-2', 'deny contains {"id": "T-2", "reason": "too_long"} if count(input.action.args.text) > 20');

beforeAll(async () => {
  const port = await freePort();
  place = aPlace((folder) => {
    const bundle = writeBundle(folder, 'notes', RULES);
    return `version: 1
gateway: { principal: { user: { id: ada } } }
mcpServers:
  notes: { ${journal(folder, 'notes')}, policy: { source: ${bundle} } }
dashboard: { enabled: true, port: ${port} }
`;
  }, untilEnd);
  gateway = await serveHttp(place, { atEnd: untilEnd });
  await vi.waitUntil(() => addressIn(gateway) !== '', PATIENCE);
  client = await httpV2(addressIn(gateway), untilEnd);
  await client.call('write', { text: 'short' });
  await client.call('write', { text: 'much longer than twenty' });
  const browser = await chromium.connect(inject('browser'));
  untilEnd(() => browser.close());
  page = await browser.newPage();
  page.on('pageerror', ({ message }) => complaints.push(message));
  // What the server refuses the page tells itself; this is about what the browser refuses.
  page.on('console', (message) => /Content.Security.Policy/i.test(message.text()) && complaints.push(message.text()));
  const { stdout } = await runProgram(place, ['dashboard', 'open', '--config', place.config]);
  await page.goto(/http:\S+/.exec(stdout)?.[0] ?? 'no link');
});

/** The dashboard says its own address, too. */
function addressIn(gateway: HttpGateway): string {
  return /"url":"(http:[^"]+\/mcp)"/.exec(gateway.stderr())?.[1] ?? '';
}

test('the link signs in, and the overview counts what was decided', async () => {
  await page.getByRole('link', { name: /^Denied 1 / }).waitFor();
  expect(new URL(page.url()).pathname + new URL(page.url()).hash).toBe('/#/');
  await page.getByText('Signed in as').waitFor();
});

test('a denial is found, opened and told in a sentence, with its rule', async () => {
  await page.getByRole('link', { name: /^Denied 1 / }).click();
  await page.getByRole('link', { name: 'notes/write' }).click();
  await page.getByRole('heading', { level: 1, name: 'may not call write on notes.' }).waitFor();
  expect(await page.getByText('notes/T-2').count()).toBeGreaterThan(0);
});

test('other arguments are tried under the rules in force, and nothing is called', async () => {
  await page.getByRole('button', { name: 'Try with other arguments' }).click();
  await page.getByLabel('Arguments', { exact: true }).fill('{"text": "short"}');
  await page.getByRole('button', { name: 'Try these arguments' }).click();
  await page.locator('.again .badge--allow').waitFor();
  expect(textsIn(place, 'notes')).toEqual(['short']);
});

test('a decision appears live as it is made', async () => {
  await page.goto(`${new URL(page.url()).origin}/#/decisions?live=1`);
  await page.getByText('Live: new decisions appear at the top.').waitFor();
  await client.call('write', { text: 'live' });
  await page.locator('tbody').getByRole('link', { name: 'notes/write' }).first().waitFor();
  expect(await page.locator('tbody .badge--allow').count()).toBeGreaterThan(0);
});

test.for([
  ['approvals', 'Approvals'],
  ['report', 'Report'],
  ['policies', 'Policies'],
  ['change', 'Change a policy'],
  ['servers', 'Servers and tools'],
  ['clients', 'Clients'],
  ['agents', 'Agents'],
])('the page %s shows what the gateway says', async ([path = '', title = '']) => {
  await page.goto(`${new URL(page.url()).origin}/#/${path}`);
  await page.getByRole('heading', { level: 1, name: title }).waitFor();
  await page.locator('main :is(.card, table, .empty)').first().waitFor();
  await page.getByText('Loading …').waitFor({ state: 'detached' });
  expect(await page.locator('main [role="alert"]').allInnerTexts()).toEqual([]);
});

test('nothing was refused by the content security policy', () => {
  expect(complaints).toEqual([]);
});
