import type { JsonObject } from '../core/json.ts';
import type { AgentsView, ApprovalView, ApprovalsView, ClientsView, ServersView, ServerView } from './api-connected.ts';
import type { ChangeView, ChangesView, PoliciesView } from './api-policies.ts';
import type { ReportView } from './api-report.ts';
import type { AgainView, CaseView, DecisionRow, DecisionsView, DecisionView, OverviewView, Right } from './api.ts';
import type { ChangeStepRequest, DecisionQuery, NewChange, Span } from './queries.ts';

/** Who looks, and as whom what they do is recorded. */
export interface Person {
  /** Name of the user. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly may: readonly Right[];
  /** `<kind>:<id>` */
  readonly actor: string;
  /** Id of the approver's key with which the link was made; empty where there was none. */
  readonly key: string;
}

export type TakenLink =
  | { readonly kind: 'taken'; readonly person: Person }
  /** Used before, too old, or never made here. */
  | { readonly kind: 'refused'; readonly why: 'used' | 'expired' | 'unknown' };

/** Somebody whom a provider of OpenID Connect has let in. */
export interface SignedIn {
  readonly user: string;
  readonly groups: readonly string[];
}

/**
 * All that pages show and do. What goes wrong is thrown as a `GatewayError`; whoever calls has looked whether the person
 * may.
 */
export interface DashboardPort {
  /** Uses a link of `dashboard open`, once. */
  takeLink(token: string): Promise<TakenLink>;
  /** The rights of somebody by their groups; recorded. Undefined where they have none. */
  welcome(who: SignedIn): Promise<Person | undefined>;
  /** False where the key with which they came in was revoked since. */
  stillHolds(person: Person): Promise<boolean>;
  generation(): Promise<string>;
  waiting(): Promise<number>;
  overview(span: Span): Promise<OverviewView>;
  decisions(query: DecisionQuery): Promise<DecisionsView>;
  /** Decisions behind a seq, oldest first, and the seq to go on from; without one, from now on. */
  follow(
    query: DecisionQuery,
    afterSeq: number | undefined,
  ): Promise<{ readonly rows: readonly DecisionRow[]; readonly lastSeq: number }>;
  exportLines(format: 'jsonl' | 'csv' | 'opa', query: DecisionQuery): AsyncIterable<string>;
  decision(id: string): Promise<DecisionView>;
  again(id: string, args: JsonObject | undefined): Promise<AgainView>;
  caseOf(id: string): Promise<CaseView>;
  policies(): Promise<PoliciesView>;
  changes(): Promise<ChangesView>;
  beginChange(change: NewChange, person: Person): Promise<ChangeView>;
  stepChange(request: ChangeStepRequest, person: Person): Promise<ChangeView>;
  approvals(status: ApprovalView['status'] | undefined, person: Person): Promise<ApprovalsView>;
  answer(
    id: string,
    answer: { readonly verdict: 'approve' | 'deny'; readonly reason: string },
    person: Person,
  ): Promise<readonly ApprovalView[]>;
  servers(): Promise<ServersView>;
  approveServer(
    id: string,
    wanted: { readonly tools: readonly string[] | 'all'; readonly reason: string },
    person: Person,
  ): Promise<ServerView>;
  clients(): Promise<ClientsView>;
  agents(): Promise<AgentsView>;
  report(span: Span): Promise<ReportView>;
  reportCsv(report: ReportView): string;
}
