import { expect, test } from 'vitest';
import { visits } from './visit.ts';

const { open, server } = visits();

test('a tab left open over a restart says how to come back, and sends what was typed afterwards', async () => {
  const { page } = await open('#/approvals');
  await page.locator('.request').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('d');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('Not without a second look');
  server().forget();
  await dialog.getByRole('button', { name: 'Deny this call' }).click();
  await dialog.getByText('You are not signed in here.').waitFor();
  await page.getByText('mcp-gateway dashboard open').waitFor();
  server().remember('token-2');
  await dialog.getByRole('button', { name: 'Deny this call' }).click();
  await page.getByText('Denied: payments/create_refund for maria').waitFor();
  expect(server().sent.at(-1)).toMatchObject({ body: '{"reason":"Not without a second look"}', csrf: 'token-2' });
  await page.context().close();
});

test('what was typed is there after the page was loaded anew', async () => {
  const { page } = await open('#/change');
  await page.getByLabel('Its new version').fill('./policies/next');
  await page.reload();
  await page.getByRole('heading', { name: 'Begin a change' }).waitFor();
  expect(await page.getByLabel('Its new version').inputValue()).toBe('./policies/next');
  await page.context().close();
});

test('the secret of a link signs in and leaves the address', async () => {
  const { page } = await open('#token=secret-of-a-link');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await expect.poll(() => server().sent.at(-1)?.path).toBe('/api/login');
  expect(server().sent.at(-1)?.body).toBe('{"token":"secret-of-a-link"}');
  expect(page.url()).not.toContain('secret');
  await page.context().close();
});
