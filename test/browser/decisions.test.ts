import { expect, test } from 'vitest';
import { fakeRows } from './fake-records.ts';
import { visits } from './visit.ts';

const { open, server } = visits();

test('what is searched stands in the address, and a link to it searches the same', async () => {
  const { page } = await open('#/decisions');
  const asked = page.waitForRequest((request) => request.url().includes('effect=deny'));
  await page.getByRole('searchbox').fill('denied tool:payments/*');
  await page.keyboard.press('Enter');
  expect(new URL((await asked).url()).searchParams.get('server')).toBe('payments');
  await page.locator('tbody .badge--deny').first().waitFor();
  await page.reload();
  expect(await page.getByRole('searchbox').inputValue()).toBe('effect:deny tool:payments/*');
  expect(await page.locator('tbody .badge--allow').count()).toBe(0);
  await page.context().close();
});

test('a search that is not understood is said, and nothing is asked', async () => {
  const { page } = await open('#/decisions?q=maria');
  await page.getByText('“maria” needs a word before it, such as user:maria or tool:maria*.').waitFor();
  expect(await page.locator('tbody').count()).toBe(0);
  await page.context().close();
});

test('older decisions follow the newer, each once', async () => {
  const { page } = await open('#/decisions');
  await page.getByRole('button', { name: 'Show older' }).click();
  await page.locator('tbody tr').nth(99).waitFor();
  const links = await page.locator('tbody a').evaluateAll((all) => all.map(String));
  expect(new Set(links).size).toBe(100);
  await page.context().close();
});

test('j and k choose a decision, Enter opens it', async () => {
  const { page } = await open('#/decisions');
  await page.locator('tbody tr').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'may not call' }).waitFor();
  expect(page.url()).toContain('000000000399');
  await page.context().close();
});

test('live, a decision appears as it is made, and is said', async () => {
  const { page } = await open('#/decisions');
  await page.getByRole('button', { name: 'Live' }).click();
  await page.getByText('Live: new decisions appear at the top.').waitFor();
  const [row] = fakeRows(1, Date.now());
  server().tell({ ...row, user: 'newcomer' });
  await page.getByRole('cell', { name: 'newcomer' }).waitFor();
  await page.getByText('1 new decision', { exact: true }).waitFor();
  expect(page.url()).toContain('live=1');
  await page.context().close();
});

test('a saved search is there after the page was loaded anew', async () => {
  const { page } = await open('#/decisions?q=effect:deny');
  await page.getByRole('button', { name: 'Save this search' }).click();
  await page.getByLabel('Name of the saved search').fill('Refusals');
  await page.keyboard.press('Enter');
  await page.goto(`${server().url}/#/decisions`);
  await page.reload();
  await page.getByRole('button', { name: 'Refusals', exact: true }).click();
  expect(await page.getByRole('searchbox').inputValue()).toBe('effect:deny');
  await page.context().close();
});

test('what is exported is what is searched', async () => {
  const { page } = await open('#/decisions?q=effect:deny');
  const link = page.getByRole('link', { name: 'CSV' });
  expect(await link.getAttribute('href')).toBe('api/decisions/export?format=csv&effect=deny');
  await page.context().close();
});

test('other arguments are tried with every digit, and not before they are JSON', async () => {
  const { page } = await open('#/decisions/019a7b00-0000-7000-8000-000000000399');
  await page.getByRole('button', { name: 'Try with other arguments' }).click();
  const field = page.getByLabel('Arguments', { exact: true });
  await field.fill('{\n  "amount": 12345678901234567890,\n  charge: 1\n}');
  await page.getByText('Line 3, column 3: expected a name in "double quotes"').waitFor();
  const again = page.getByRole('button', { name: 'Try these arguments' });
  expect(await again.isDisabled()).toBe(true);
  server().instead.set('POST decisions', {
    before: { effect: 'deny', reasons: ['refund_limit_exceeded'] },
    now: { effect: 'allow', reasons: [] },
    sentence: 'claude may call create_refund on payments.',
    problem: '',
  });
  await field.fill('{"amount": 12345678901234567890}');
  await again.click();
  await page.getByText('claude may call create_refund on payments.').waitFor();
  expect(server().sent.at(-1)?.body).toBe('{"args":{"amount": 12345678901234567890}}');
  await page.context().close();
});
