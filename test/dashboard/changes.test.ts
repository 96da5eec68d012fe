import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChangesView, ChangeView } from '../../src/dashboard/api-policies.ts';
import type { ReportView } from '../../src/dashboard/api-report.ts';
import type { AgainView, Failure } from '../../src/dashboard/api.ts';
import { aRecord } from '../state/records.ts';
import { aDashboard, type Answered, Browser, type ShownDashboard } from './dashboard.ts';

const BUNDLE = join(import.meta.dirname, '../../policy-bundles/northwind/workflow');

let shown: ShownDashboard;
let browser: Browser;

beforeAll(async () => {
  const org = [{ id: 'limits', layer: 'workflow', source: './limits' }];
  shown = await aDashboard({ policies: { org } });
  cpSync(BUNDLE, join(shown.home, 'limits'), { recursive: true });
  cpSync(BUNDLE, join(shown.home, 'limits-2'), { recursive: true });
  cpSync(BUNDLE, join(shown.home, 'limits-3'), { recursive: true });
  await shown.store.log.append(aRecord());
  browser = await Browser.signIn(shown);
});

afterAll(() => shown.close());

async function settled(id: string): Promise<ChangeView> {
  for (;;) {
    const { changes } = await browser.json<ChangesView>('/api/changes');
    const change = changes.find((one) => one.id === id);
    if (change !== undefined && change.running === undefined) return change;
    await wait(50);
  }
}

function failureIn({ text }: Answered): Failure {
  return JSON.parse(text) as Failure;
}

function sources(): readonly string[] {
  const { policies } = JSON.parse(readFileSync(shown.configPath, 'utf8')) as {
    policies: { org: { id: string; source: string; mode?: string }[] };
  };
  return policies.org.map(({ id, source, mode = 'enforce' }) => `${id} ${source} ${mode}`);
}

test('a policy is changed step by step, each recorded with who took it, and back again', async () => {
  const begun = await browser.post('/api/changes', { bundle: 'limits', source: './limits-2' });
  expect(begun.text).toContain('"state":"candidate"');
  const { id } = JSON.parse(begun.text) as ChangeView;
  const take = (step: string, reason = ''): Promise<Answered> => browser.post(`/api/changes/${id}/${step}`, { reason });

  expect(failureIn(await take('enforce', 'now'))).toMatchObject({ code: 'USAGE', mend: 'Test it next.' });
  await take('test');
  expect(await settled(id)).toMatchObject({ problem: '', state: 'tested', tests: { failed: 0 } });
  await take('replay');
  expect(await settled(id)).toMatchObject({
    problem: '',
    state: 'replayed',
    replay: { replayed: 1, classes: { same: 1 } },
  });

  await take('shadow');
  expect(sources()).toEqual(['limits ./limits enforce', 'limits-next ./limits-2 shadow']);
  // Both of them together can be put in force.
  const { rows } = await browser.json<{ rows: { id: string }[] }>('/api/decisions');
  const again = JSON.parse((await browser.post(`/api/decisions/${rows[0]?.id ?? ''}/again`)).text) as AgainView;
  expect(again.now.effect).toBe('deny');

  expect(failureIn(await take('enforce')).message).toContain('needs a reason');
  writeFileSync(join(shown.home, 'limits-2', 'more.rego'), 'package limits_more\n');
  expect((await take('enforce', 'looked good')).status).toBeGreaterThanOrEqual(400);
  expect(sources()).toEqual(['limits ./limits enforce', 'limits-next ./limits-2 shadow']);
  // What is broken now can still be taken out again, and so can what was tested again.
  await take('test');
  expect((await settled(id)).problem).toContain('more.rego');
  expect((await take('drop')).text).toContain('"state":"dropped"');
  expect(sources()).toEqual(['limits ./limits enforce']);
});

test('what is enforced takes the place of the bundle, and gives it back', async () => {
  const begun = await browser.post('/api/changes', { bundle: 'limits', source: './limits-3' });
  const { id } = JSON.parse(begun.text) as ChangeView;
  const take = (step: string, reason = ''): Promise<Answered> => browser.post(`/api/changes/${id}/${step}`, { reason });
  await take('test');
  expect(await settled(id)).toMatchObject({ problem: '', state: 'tested' });
  await take('replay');
  expect(await settled(id)).toMatchObject({ problem: '', state: 'replayed' });
  expect((await take('enforce', 'looked good')).text).toContain('"state":"enforced"');
  expect(sources()).toEqual(['limits ./limits-3 enforce']);
  expect((await take('rollback', 'too strict')).text).toContain('"state":"rolled_back"');
  expect(sources()).toEqual(['limits ./limits enforce']);
  const { acts } = await browser.json<ReportView>('/api/report');
  expect(acts.map(({ actor, verb, reason }) => `${actor} ${verb} ${reason}`)).toEqual(
    expect.arrayContaining(['user:maya change.enforce looked good', 'user:maya change.rollback too strict']),
  );
});

test('who may only look changes nothing', async () => {
  const looker = await Browser.signIn(shown, { readsOnly: true });
  const answer = await looker.post('/api/changes', { bundle: 'limits', source: './limits-3' });
  expect(failureIn(answer).code).toBe('NOT_ALLOWED');
});

test('a candidate that is no bundle is refused in words', async () => {
  const answer = await browser.post('/api/changes', { bundle: 'limits', source: './nothing' });
  expect(failureIn(answer)).toMatchObject({ code: 'BUNDLE_UNREADABLE' });
});
