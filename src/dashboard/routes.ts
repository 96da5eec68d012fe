import { type Context, Hono } from 'hono';
import { stream } from 'hono/streaming';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { SessionView } from './api.ts';
import { decisionFeed } from './event-feed.ts';
import { failureOf, Refused } from './failures.ts';
import { bodyOf, type Env, requireRight } from './guard.ts';
import type { DashboardPort } from './port.ts';
import {
  BODIES,
  CHANGE_STEPS,
  parse,
  readApprovalQuery,
  readDecisionQuery,
  readExportQuery,
  readOverviewQuery,
  readReportQuery,
} from './queries.ts';

export interface RouteParts {
  readonly port: DashboardPort;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the dashboard ends. */
  readonly ending: AbortSignal;
  readonly signOut: (context: Context<Env>) => void;
}

/** What `api.ts` says, for somebody who is signed in. */
export function apiRoutes(parts: RouteParts): Hono<Env> {
  const { port, version, signOut } = parts;
  const routes = new Hono<Env>();
  routes.get('/session', async (context) => {
    const { person, csrf } = context.get('session');
    const [generation, waiting] = await Promise.all([port.generation(), port.waiting()]);
    const view: SessionView = { person: `user:${person.name}`, csrf, version, generation, may: person.may, waiting };
    return context.json(view);
  });
  routes.post('/logout', (context) => {
    signOut(context);
    return context.json({});
  });
  addDecisions(routes, parts);
  addChanges(routes, parts);
  addApprovals(routes, parts);
  addServers(routes, parts);
  addReports(routes, parts);
  routes.all('*', () => {
    throw new Refused(404, { code: 'NOT_FOUND', message: 'There is no such thing here.', mend: '' });
  });
  return routes;
}

function parametersOf(context: Context<Env>): URLSearchParams {
  return new URL(context.req.url).searchParams;
}

const EXPORT_TYPES = { jsonl: 'application/jsonl', csv: 'text/csv', opa: 'application/jsonl' } as const;

function addDecisions(routes: Hono<Env>, { port, clock, logger, ending }: RouteParts): void {
  routes.get('/overview', async (context) =>
    context.json(await port.overview(readOverviewQuery(parametersOf(context), clock.now()))),
  );
  routes.get('/decisions', async (context) =>
    context.json(await port.decisions(readDecisionQuery(parametersOf(context)))),
  );
  routes.get('/decisions/stream', decisionFeed(port, ending));
  routes.get('/decisions/export', async (context) => {
    const { format, query } = readExportQuery(parametersOf(context));
    context.header('content-type', `${EXPORT_TYPES[format]}; charset=utf-8`);
    const name = `decisions.${format === 'csv' ? 'csv' : 'jsonl'}`;
    context.header('content-disposition', `attachment; filename="${name}"`);
    const texts = port.exportLines(format, query)[Symbol.asyncIterator]();
    // What fails before anything was sent is answered in words.
    let text = await texts.next();
    return stream(context, async (out) => {
      try {
        for (; text.done !== true && !out.aborted; text = await texts.next()) await out.write(text.value);
      } catch (thrown) {
        failureOf(thrown, logger);
        // A part of an export must not look like the whole.
        context.env.outgoing.destroy();
      }
    });
  });
  routes.get('/decisions/:id', async (context) => context.json(await port.decision(context.req.param('id'))));
  routes.get('/decisions/:id/case', async (context) => context.json(await port.caseOf(context.req.param('id'))));
  routes.post('/decisions/:id/again', async (context) => {
    const { args } = parse(BODIES.Again, await bodyOf(context));
    return context.json(await port.again(context.req.param('id'), args));
  });
}

function addChanges(routes: Hono<Env>, { port }: RouteParts): void {
  routes.get('/policies', async (context) => context.json(await port.policies()));
  routes.get('/changes', async (context) => context.json(await port.changes()));
  routes.post('/changes', async (context) => {
    requireRight(context, 'change');
    const change = parse(BODIES.NewChange, await bodyOf(context));
    return context.json(await port.beginChange(change, context.get('session').person));
  });
  routes.post('/changes/:id/:step', async (context) => {
    requireRight(context, 'change');
    const { reason } = parse(BODIES.Answer, await bodyOf(context));
    const step = CHANGE_STEPS.find((known) => known === context.req.param('step'));
    if (step === undefined) {
      throw new Refused(404, { code: 'NOT_FOUND', message: 'A change has no such step.', mend: '' });
    }
    return context.json(
      await port.stepChange({ id: context.req.param('id'), step, reason }, context.get('session').person),
    );
  });
}

function addApprovals(routes: Hono<Env>, { port }: RouteParts): void {
  routes.get('/approvals', async (context) => {
    const { status } = readApprovalQuery(parametersOf(context));
    return context.json(await port.approvals(status, context.get('session').person));
  });
  for (const verdict of ['approve', 'deny'] as const) {
    routes.post(`/approvals/:id/${verdict}`, async (context) => {
      requireRight(context, 'approve');
      const { reason } = parse(BODIES.Answer, await bodyOf(context));
      const { person } = context.get('session');
      return context.json({ approvals: await port.answer(context.req.param('id'), { verdict, reason }, person) });
    });
  }
}

function addServers(routes: Hono<Env>, { port }: RouteParts): void {
  routes.get('/servers', async (context) => context.json(await port.servers()));
  routes.post('/servers/:id/approve', async (context) => {
    requireRight(context, 'change');
    const wanted = parse(BODIES.ServerApproval, await bodyOf(context));
    return context.json(await port.approveServer(context.req.param('id'), wanted, context.get('session').person));
  });
  routes.get('/clients', async (context) => context.json(await port.clients()));
  routes.get('/agents', async (context) => context.json(await port.agents()));
}

function addReports(routes: Hono<Env>, { port, clock }: RouteParts): void {
  routes.get('/report', async (context) =>
    context.json(await port.report(readReportQuery(parametersOf(context), clock.now()))),
  );
  routes.get('/report.csv', async (context) => {
    const report = await port.report(readReportQuery(parametersOf(context), clock.now()));
    context.header('content-disposition', 'attachment; filename="report.csv"');
    return context.body(port.reportCsv(report), 200, { 'content-type': 'text/csv; charset=utf-8' });
  });
}
