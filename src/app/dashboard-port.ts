import { shortHash } from '../core/generation.ts';
import type { DashboardPort } from '../dashboard/port.ts';
import { agentsView } from './dashboard-agents.ts';
import { answerApproval, approvalsView } from './dashboard-approvals.ts';
import { Changes } from './dashboard-changes.ts';
import { clientsView } from './dashboard-clients.ts';
import { caseView, decisionsView, decisionView, exportedDecisions, followDecisions } from './dashboard-decisions.ts';
import { overviewView } from './dashboard-overview.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { stillHolds, takeLink, welcome } from './dashboard-people.ts';
import { policiesView } from './dashboard-policies.ts';
import { reportCsv, reportView } from './dashboard-report.ts';
import { approveServer, serversView } from './dashboard-servers.ts';

const MOST_WAITING = 1_000;

/** Everything that pages show and do, of the parts that the commands use. */
export function dashboardPort(parts: DashboardParts): DashboardPort {
  const { reads, clock, bench } = parts;
  const changes = new Changes(parts);
  return {
    takeLink: (token) => takeLink(parts, token),
    stillHolds: (person) => stillHolds(parts, person),
    welcome: (who) => welcome(parts, who),
    generation: async () => shortHash((await reads.activations(1))[0]?.generation ?? ''),
    waiting: async () => {
      const waiting = await reads.approvals({ limit: MOST_WAITING, status: 'pending', nowMs: clock.now() });
      return waiting.length;
    },
    overview: (span) => overviewView(parts, span),
    decisions: (query) => decisionsView(parts, query),
    follow: (query, afterSeq) => followDecisions(parts, query, afterSeq),
    exportLines: (format, query) => exportedDecisions(parts, format, query),
    decision: (id) => decisionView(parts, id),
    again: async (id, args) => bench.again((await reads.find(id)).id, args),
    caseOf: (id) => caseView(parts, id),
    policies: () => policiesView(parts),
    changes: () => changes.view(),
    beginChange: (change, person) => changes.begin(change, person),
    stepChange: (request, person) => changes.step(request, person),
    approvals: (status, person) => approvalsView(parts, status, person),
    answer: (id, answer, person) => answerApproval(parts, { id, ...answer }, person),
    servers: () => serversView(parts),
    approveServer: (id, wanted, person) => approveServer(parts, { id, ...wanted }, person),
    clients: () => clientsView(parts),
    agents: () => agentsView(parts),
    report: (span) => reportView(parts, span),
    reportCsv,
  };
}
