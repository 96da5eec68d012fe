import { expect, test } from 'vitest';
import { accessibilityProblems, visits } from './visit.ts';

const { open } = visits();

const PAGES = {
  Overview: '#/',
  Decisions: '#/decisions',
  'claude may not call create_refund on payments.': '#/decisions/019a7b00-0000-7000-8000-000000000399',
  Approvals: '#/approvals',
  Report: '#/report',
  Policies: '#/policies?q=refund',
  'Change a policy': '#/change',
  'Servers and tools': '#/servers',
  Clients: '#/clients',
  Agents: '#/agents',
  'There is no such page': '#/nowhere',
};

/** What every page shows once its answers are there, but the last. */
const THERE = 'main :is(.card, table, .empty, .tiles, p a)';

test.for(Object.entries(PAGES))(
  '%s can be used by everybody, in light and in dark, and fits a telephone',
  async ([title, hash]) => {
    const { page, complaints } = await open(hash, { colorScheme: 'light' });
    await page.locator(THERE).first().waitFor();
    await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.title()).toContain(title);
    await page.setViewportSize({ width: 420, height: 800 });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(420);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  },
);

test('the colours are as the system has them, until somebody chooses, and then stay so', async () => {
  const { page } = await open('#/', { colorScheme: 'light' });
  const ground = async (): Promise<string> =>
    await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  const light = await ground();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.getByTitle('Light', { exact: true }).click();
  expect(await ground()).toBe(light);
  await page.reload();
  expect(await ground()).toBe(light);
  await page.context().close();
});

test('by keyboard the page is one step away, and ? shows the keys', async () => {
  const { page } = await open('#/decisions');
  await page.locator('tbody tr').first().waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate<string>('document.activeElement.id')).toBe('main');
  expect(page.url()).toContain('#/decisions');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('i');
  await page.getByRole('heading', { level: 1, name: 'Approvals' }).waitFor();
  expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('H1');
  await page.context().close();
});

test('a number of the overview leads to the decisions that it counts', async () => {
  const { page } = await open('#/?since=7d');
  await page.getByRole('link', { name: /^Denied/ }).click();
  await page.getByRole('heading', { level: 1, name: 'Decisions' }).waitFor();
  expect(await page.getByRole('searchbox').inputValue()).toBe('effect:deny since:7d');
  await page.context().close();
});
