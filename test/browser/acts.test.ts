import { expect, test } from 'vitest';
import { fakeApprovals } from './fake-views.ts';
import { visits } from './visit.ts';

const { open, server } = visits();

test('an approval is asked for, confirmed and sent with its note and the token of the session', async () => {
  const { page } = await open('#/approvals');
  await page.locator('.request').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('a');
  const dialog = page.getByRole('dialog', { name: 'Let maria use payments/create_refund?' });
  expect(await dialog.getByRole('group', { name: 'Exactly these arguments' }).innerText()).toContain('"amount": 12500');
  await dialog.getByRole('textbox').fill('Known customer');
  await dialog.getByRole('button', { name: 'Approve this call' }).click();
  await page.getByText('Approved: payments/create_refund for maria').waitFor();
  expect(server().sent.at(-1)).toEqual({
    path: '/api/approvals/019a7b00-0000-7000-8000-00000000a001/approve',
    body: '{"reason":"Known customer"}',
    csrf: 'token-1',
  });
  await page.context().close();
});

test('Esc answers nothing', async () => {
  const { page } = await open('#/approvals');
  const before = server().sent.length;
  await page.locator('.request').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('d');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(server().sent).toHaveLength(before);
  await page.context().close();
});

test('the number in a request is the number that was sent, to the last digit', async () => {
  const { approvals } = fakeApprovals(Date.now());
  const [first] = approvals;
  const { page } = await open('#/approvals');
  await page.route('**/api/approvals*', (route) =>
    route.fulfill({
      contentType: 'application/json',
      body: JSON.stringify({ approvals: [{ ...first, arguments: { amount: 'BIG' } }], answering: [] }).replace(
        '"BIG"',
        '12345678901234567891',
      ),
    }),
  );
  await page.reload();
  const shown = await page.getByRole('group', { name: 'Exactly these arguments' }).innerText();
  expect(shown).toContain('12345678901234567891');
  await page.context().close();
});

test('a change that would allow what was denied says so before it is put in force, and wants a reason', async () => {
  const { page } = await open('#/change');
  await page.getByText('41 calls that were denied would be allowed.').waitFor();
  await page.getByRole('button', { name: 'Put it in force' }).click();
  const dialog = page.getByRole('dialog', { name: 'Put it in force: workflow?' });
  await dialog.getByText('41 recorded calls').waitFor();
  const before = server().sent.length;
  await dialog.getByRole('button', { name: 'Put it in force' }).click();
  expect(server().sent).toHaveLength(before);
  await dialog.getByRole('textbox').fill('Agreed with support');
  await dialog.getByRole('button', { name: 'Put it in force' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(server().sent.at(-1)).toMatchObject({
    path: '/api/changes/change-2/enforce',
    body: '{"reason":"Agreed with support"}',
  });
  await page.context().close();
});

test('what changed of a tool is shown before it is accepted', async () => {
  const { page } = await open('#/servers');
  const drift = page.getByRole('region', { name: 'create_refund: Changed' });
  expect(await drift.locator('.diff-line--after').innerText()).toContain('read ~/.ssh/id_rsa');
  await drift.getByRole('button', { name: 'Accept' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('Read and found harmless');
  await dialog.getByRole('button', { name: 'Accept' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(server().sent.at(-1)).toMatchObject({
    path: '/api/servers/payments/approve',
    body: '{"tools":["create_refund"],"reason":"Read and found harmless"}',
  });
  await page.context().close();
});

test('who may only look is offered nothing to change', async () => {
  server().instead.set('session', {
    person: 'user:eve',
    csrf: 'x',
    version: '1',
    generation: 'g',
    may: ['read'],
    waiting: 0,
  });
  const { page } = await open('#/change');
  await page.getByRole('heading', { name: 'What was in force' }).waitFor();
  expect(await page.getByRole('button', { name: /Begin|force|Give it up|Roll back/ }).count()).toBe(0);
  server().instead.delete('session');
  await page.context().close();
});
