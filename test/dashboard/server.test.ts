import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followDashboard, openDashboard } from '../../src/app/dashboard.ts';
import { makeLink } from '../../src/app/dashboard-people.ts';
import type { ApprovalsView } from '../../src/dashboard/api-connected.ts';
import type { ReportView } from '../../src/dashboard/api-report.ts';
import type { CaseView, DecisionsView, DecisionView, Failure, OverviewView } from '../../src/dashboard/api.ts';
import { aNewApproval, anOutcome, aRecord, realClock } from '../state/records.ts';
import { aDashboard, ask, Browser, cookieIn, logIn, OWNER, type ShownDashboard } from './dashboard.ts';

let shown: ShownDashboard;
let browser: Browser;
let url: string;

beforeAll(async () => {
  shown = await aDashboard({ approvals: { groups: { leads: ['maya'] } } });
  ({ url } = shown.door);
  const { log } = shown.store;
  for (let call = 0; call < 30; call += 1) {
    const isDenied = call % 3 === 0;
    const record = aRecord({
      effect: isDenied ? 'deny' : 'allow',
      reasons: isDenied ? ['gateway.no_grant.server', 'too_much'] : [],
      tool: call % 2 === 0 ? 'create_issue' : 'delete_repo',
      matched_rules: isDenied ? ['github/GH-201'] : ['github/GH-101'],
    });
    await log.append(record);
    if (!isDenied) log.settle(anOutcome(record.id));
  }
  const id = '0198a1b2-0000-7000-8000-000000000001';
  const nowMs = Date.now();
  const approval = aNewApproval({ id, by: 'group:leads', createdMs: nowMs, expiresMs: nowMs + 600_000 });
  await log.commit(aRecord({ id, effect: 'pending' }), '{}', [{ kind: 'open_approval', approval }]);
  browser = await Browser.signIn(shown);
});

afterAll(() => shown.close());

function failureIn({ text }: { readonly text: string }): Failure {
  return JSON.parse(text) as Failure;
}

describe('who gets in', () => {
  test('nobody without a session, and is told what to do', async () => {
    const answer = await ask(`${url}/api/decisions`);
    expect(answer.status).toBe(401);
    expect(failureIn(answer)).toMatchObject({ code: 'SIGNED_OUT', mend: expect.stringContaining('dashboard open') });
  });

  test('a link signs in once; the second time says so', async () => {
    const token = await makeLink(shown.store, realClock, { ...OWNER, readsOnly: false });
    const first = await logIn(url, token);
    expect(first.status).toBe(200);
    expect(first.headers['set-cookie']?.[0]).toMatch(/^mcp-gateway-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const second = await logIn(url, token);
    expect(second.status).toBe(401);
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(failureIn(second)).toMatchObject({ code: 'LINK_USED', mend: expect.stringContaining('dashboard open') });
    expect(failureIn(await logIn(url, 'made-up')).code).toBe('LINK_UNKNOWN');
  });

  test('a link that is too old signs nobody in', async () => {
    const past = { now: () => Date.now() - 6 * 60_000, monotonic: () => 0 };
    const token = await makeLink(shown.store, past, { ...OWNER, readsOnly: false });
    expect(failureIn(await logIn(url, token)).code).toBe('LINK_EXPIRED');
  });

  test('what is kept of a link is no token', async () => {
    const token = await makeLink(shown.store, realClock, { ...OWNER, readsOnly: false });
    const acts = await browser.json<ReportView>('/api/report');
    expect(JSON.stringify(acts)).not.toContain(token);
    expect(await shown.store.signInLink(token)).toBeUndefined();
  });

  test('two at once with one link are one', async () => {
    const token = await makeLink(shown.store, realClock, { ...OWNER, readsOnly: false });
    const answers = await Promise.all([logIn(url, token), logIn(url, token), logIn(url, token)]);
    expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 401, 401]);
  });

  test('a link that no terminal has made may only look', async () => {
    const looker = await Browser.signIn(shown, { readsOnly: true });
    expect((await looker.get('/api/decisions')).status).toBe(200);
    const answer = await looker.post('/api/approvals/0198a1b2/approve');
    expect(answer.status).toBe(403);
    expect(failureIn(answer).code).toBe('NOT_ALLOWED');
  });

  test('who has signed out is out', async () => {
    const other = await Browser.signIn(shown);
    expect((await other.post('/api/logout')).status).toBe(200);
    expect((await other.get('/api/session')).status).toBe(401);
    expect((await browser.get('/api/session')).status).toBe(200);
  });

  test('a tab that was left open over a restart is told to sign in again', async () => {
    const first = await aDashboard();
    const old = await Browser.signIn(first);
    await first.close();
    const second = await aDashboard();
    const answer = await ask(`${second.door.url}/api/session`, { headers: { cookie: old.cookie } });
    await second.close();
    expect(answer.status).toBe(401);
    expect(failureIn(answer).message).toContain('restarted');
    expect(failureIn(answer).mend).toContain('stays');
  });
});

test('another process takes over the port when the one that has it ends', async () => {
  const { config } = shown.ground;
  const first = await openDashboard(shown.ground);
  const taken = { ...config, dashboard: { ...config.dashboard, port: Number(new URL(first.url).port) } };
  await expect(openDashboard({ ...shown.ground, config: taken })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  const other = followDashboard({ ...shown.ground, config: taken }, 20);
  expect((await ask(`${first.url}/api/session`)).status).toBe(401);
  await first.close();
  let answer = await ask(`${first.url}/api/session`).catch(() => undefined);
  while (answer === undefined) answer = await ask(`${first.url}/api/session`).catch(() => undefined);
  expect(answer.status).toBe(401);
  await other.close();
  await expect(ask(`${first.url}/api/session`)).rejects.toThrow('ECONNREFUSED');
});

test('what other hosts can reach is not shown without a sign-in', async () => {
  const config = { ...shown.ground.config, dashboard: { ...shown.ground.config.dashboard, host: '0.0.0.0' } };
  await expect(openDashboard({ ...shown.ground, config })).rejects.toMatchObject({ code: 'UNSAFE_BINDING' });
});

describe('decisions', () => {
  test('come newest first, page by page, each once', async () => {
    const seen: string[] = [];
    let next: number | undefined;
    do {
      const page = await browser.json<DecisionsView>(
        `/api/decisions?limit=7${next === undefined ? '' : `&before=${next}`}`,
      );
      seen.push(...page.rows.map(({ id }) => id));
      ({ next } = page);
    } while (next !== undefined);
    expect(seen).toHaveLength(31);
    expect(new Set(seen).size).toBe(31);
  });

  test.for([
    ['effect=deny', 10],
    ['tool=create_issue', 16],
    ['tool=github.create*', 16],
    ['tool=github/delete_repo', 15],
    ['tool=create_issue&effect=deny', 5],
    ['reason=too_much', 10],
    ['reason=gateway.*', 10],
    ['reason=too', 0],
    ['agent=claude&user=ada', 31],
    ['server=gitlab', 0],
    ['until=2020-01-01T00:00:00Z', 0],
    ['since=2020-01-01', 31],
  ] as const)('%s are %d', async ([filter, count]) => {
    const { rows } = await browser.json<DecisionsView>(`/api/decisions?limit=200&${filter}`);
    expect(rows).toHaveLength(count);
  });

  test('one is told with its sentence, what the agent was told, and a case for it', async () => {
    const { rows } = await browser.json<DecisionsView>('/api/decisions?effect=deny&limit=1');
    const id = rows[0]?.id ?? '';
    const view = await browser.json<DecisionView>(`/api/decisions/${id}`);
    expect(view.explanation.sentence).toMatch(/^claude may not call (create_issue|delete_repo) on github\.$/);
    expect(view.told).toContain(`Decision ${id}`);
    expect(view.record.id).toBe(id);
    const made = await browser.json<CaseView>(`/api/decisions/${id}/case`);
    expect(made.text).toContain('effect: deny');
    expect((await browser.get('/api/decisions/ffff')).status).toBe(404);
  });

  test('are exported in every format', async () => {
    const jsonl = await browser.get('/api/decisions/export?format=jsonl');
    expect(jsonl.text.trim().split('\n').length).toBeGreaterThanOrEqual(31);
    expect(jsonl.headers['content-disposition']).toBe('attachment; filename="decisions.jsonl"');
    const csv = await browser.get('/api/decisions/export?format=csv&effect=deny');
    expect(csv.text.trim().split('\r\n')).toHaveLength(11);
    const opa = await browser.get('/api/decisions/export?format=opa&effect=deny');
    expect(JSON.parse(opa.text.split('\n')[0] ?? '')).toMatchObject({ result: { effect: 'deny' } });
  });

  test('are told as they are made', async () => {
    const controller = new AbortController();
    const answer = await fetch(`${url}/api/decisions/stream?tool=told_live`, {
      headers: { cookie: browser.cookie },
      signal: controller.signal,
    });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    await shown.store.log.append(aRecord({ tool: 'not_meant' }));
    await shown.store.log.append(aRecord({ tool: 'told_live' }));
    let text = '';
    while (!text.includes('event: decision')) text += (await reader?.read())?.value ?? '';
    controller.abort();
    expect(text).toContain('"tool":"told_live"');
    expect(text).not.toContain('not_meant');
  });

  test('whatever is asked for is answered or refused in words', async () => {
    const names = [
      'since',
      'until',
      'effect',
      'server',
      'tool',
      'reason',
      'agent',
      'user',
      'before',
      'limit',
      'x',
      '__proto__',
    ];
    const parameter = fc.tuple(
      fc.constantFrom(...names),
      fc.oneof(fc.string(), fc.constantFrom('1', '*', 'a*', '%', "'", '2026')),
    );
    const query = fc.array(parameter, { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        query,
        fc.constantFrom('decisions', 'overview', 'report', 'approvals'),
        async (parameters, page) => {
          const text = new URLSearchParams(parameters).toString();
          const answer = await browser.get(`/api/${page}?${text}`);
          const code = answer.status === 200 ? '' : failureIn(answer).code;
          expect([answer.status, code]).toBeOneOf([
            [200, ''],
            [400, 'USAGE'],
          ]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('the overview counts what is in the log', async () => {
  const view = await browser.json<OverviewView>('/api/overview');
  expect(view.effects.deny).toBe(10);
  expect(view.total).toBe(view.series.reduce((sum, step) => sum + step.allow + step.deny + step.pending, 0));
  expect(view.reasons).toContainEqual({ name: 'too_much', count: 10 });
  expect(view.tools.map(({ name }) => name)).toContain('github/create_issue');
  expect(view.decideUs.p50).toBeGreaterThan(100);
  expect(view.decideUs.p50).toBeLessThan(140);
  expect(view.fresh).toContainEqual({ kind: 'reason', name: 'too_much', count: 10 });
  expect(view.health.map(({ what }) => what)).toContain('store');
});

test('an approval is answered by who may, once, and recorded with who and where', async () => {
  const id = '0198a1b2-0000-7000-8000-000000000001';
  const before = await browser.json<ApprovalsView>('/api/approvals?status=pending');
  expect(before.approvals.find((one) => one.id === id)?.mayAnswer).toBe(true);
  const stranger = await Browser.signIn(shown, { person: 'zoe', actor: 'user:zoe' });
  expect((await stranger.post(`/api/approvals/${id}/approve`)).status).toBe(403);
  const answer = await browser.post(`/api/approvals/${id}/approve`, { reason: 'looked at it' });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({
    approvals: [{ id, status: 'approved', votes: [{ person: 'maya' }] }],
  });
  expect((await browser.post(`/api/approvals/${id}/approve`)).status).toBe(409);
  const [vote] = (await shown.store.approvals.byId(id, Date.now()))[0]?.votes ?? [];
  expect(vote).toMatchObject({ person: 'maya', via: 'dashboard', reason: 'looked at it' });
});

test('a report has what was done, and whether the log is whole', async () => {
  const report = await browser.json<ReportView>('/api/report');
  expect(report.evidence).toMatchObject({ ok: true });
  expect(report.total).toBeGreaterThanOrEqual(31);
  const csv = await browser.get('/api/report.csv');
  expect(csv.text.split('\r\n')[0]).toBe('from,until,control,rule,title,fired,lifted');
});

test('the pages that are not there are asked for in words', async () => {
  const answer = await browser.get('/decisions/some-id');
  expect([200, 503]).toContain(answer.status);
  expect(answer.headers['content-type']).toContain('text/html');
  expect(cookieIn(answer)).toBe('');
});
