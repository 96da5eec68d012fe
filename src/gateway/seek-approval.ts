import type { ApprovalRef, ShownCall } from '../core/approval.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { DECISION_META_KEY } from '../core/names.ts';
import type { Remember } from '../core/opinion.ts';
import type { DecisionRecord } from '../core/record.ts';
import { cutText } from '../policy/author-text.ts';
import type { ApprovalBook } from '../state/approval-book.ts';
import type { Advice } from './advice.ts';
import { formFor } from './approval-form.ts';
import type { Confirmations, Waiting } from './confirmations.ts';
import { conversationOf } from './conversation.ts';
import type { Asked, Progress, Sought as Outcome, Standing } from './govern.ts';
import type { Sought } from './keep-approved.ts';
import { principalOf } from './request-state.ts';
import type { Target } from './resolve.ts';
import type { Route } from './route.ts';
import type { Ruling } from './rule.ts';
import { asJson } from './tool-answer.ts';

/** What calls that wait for people need, beside the log. */
export interface Approvals {
  readonly book: ApprovalBook;
  readonly confirmations: Confirmations;
  /** How long an approval stays open where no rule says, in milliseconds. */
  readonly timeoutMs: number;
  /** The user of the operating system who runs the gateway, and so is who asks; empty where callers say who they are. */
  readonly login: string;
  /** Told where nobody could be asked in the client; absent where there is nobody to tell. It neither waits nor throws. */
  readonly announce?: (record: DecisionRecord) => void;
}

/** What approvals of a request are bound to, and how approvers see it. */
export function soughtFor<R, T extends Route>(
  { record }: Ruling,
  { asked, target, progress }: Standing<R, T>,
  login: string,
): Sought {
  const { caller } = asked;
  const { agent, user } = caller.principal;
  const route = target.kind === 'unknown' ? undefined : target.route;
  const bound = [record.action, record.server, route?.pin ?? '', principalOf(caller)];
  const hash = target.kind === 'unknown' ? '' : target.args.hash;
  return {
    binding: {
      call: sha256Hex(canonicalJson([...bound, hash])),
      tool: sha256Hex(canonicalJson(bound)),
      conversation: conversationOf(caller),
    },
    requester: { agent: agent.id, user: user.id, login },
    shown: (waiting) => shownCall(waiting),
    round: progress.resumed?.round ?? 0,
    waitedFor: progress.waitedFor,
  };
}

/** As it is kept in the record, so that nothing is shown which the record keeps back. */
function shownCall(ruling: Ruling): ShownCall {
  const { record } = ruling;
  const { action, server, tool, client } = record;
  const input: unknown = record.input['action'];
  const kept: JsonObject = isJsonObject(input) ? input : {};
  const { args, resource, prompt, ref } = kept;
  const about = [resource, prompt].find((text) => typeof text === 'string' && text !== '');
  return {
    action,
    server,
    tool,
    arguments: isJsonObject(args) ? args : {},
    about: typeof about === 'string' ? about : isJsonObject(ref) && tool === '' ? canonicalJson(ref) : '',
    client: `${client.name} ${client.version}`.trim(),
    why: whyOf(ruling),
  };
}

/** More rules than a person reads; the record has all. */
const MOST_RULES_SHOWN = 10;

/** What the rules that ask say of themselves. */
function whyOf({ decision, ruleText }: Ruling): readonly string[] {
  return decision.matched_rules.slice(0, MOST_RULES_SHOWN).map((rule) => {
    const text = ruleText(rule);
    return text === undefined ? rule : `${text.title} [${rule}, says ${text.origin}]`;
  });
}

/** What asking needs to know of the method. */
export interface Seeking<R> {
  readonly subjectOf: (request: R) => string;
  readonly advise: (asked: Asked<R>, ruling: Ruling) => Advice;
  /** Whether a stateless client may be answered with a question. */
  readonly isSuspendable: boolean;
  readonly approvals: Approvals;
  readonly now: () => number;
}

/**
 * Asks the user of the client, where it is the user who has to approve and the client can ask: a client in a session at
 * once, and its call is held meanwhile; a stateless client gets the question and comes back. A user who has just been
 * asked is not asked again by the same request.
 */
export async function seekApproval<R, T extends Route>(
  ruling: Ruling,
  { asked, target, progress }: Standing<R, T>,
  seeking: Seeking<R>,
): Promise<Outcome> {
  const { approvals, now } = seeking;
  const { confirmations } = approvals;
  const ref = openToUser(ruling);
  if (ref === undefined || target.kind !== 'found') return WAITS;
  const question = formFor(callToConfirm(ruling, target, seeking.subjectOf(asked.request)));
  const { caller, exchange } = asked;
  if (!confirmations.canAsk(caller, question)) return WAITS;
  const untilMs = progress.heldUntilMs ?? now() + confirmations.holdMs;
  const waiting: Waiting = { ref, question, caller, exchange, binding: target.args.hash, untilMs };
  if (exchange.ask === undefined) {
    if (!seeking.isSuspendable || progress.waitedFor.length > 0 || progress.resumed !== undefined) return WAITS;
    const meta = { [DECISION_META_KEY]: asJson(seeking.advise(asked, ruling).object) };
    return {
      kind: 'asks',
      answer: { kind: 'result', result: { ...confirmations.inputRequired(waiting), _meta: meta } },
    };
  }
  if (!(await confirmations.hold(waiting))) return WAITS;
  return { kind: 'answered', progress: held(progress, ref, untilMs) };
}

const WAITS: Outcome = { kind: 'waits' };

function held(progress: Progress, { id }: ApprovalRef, untilMs: number): Progress {
  return { ...progress, waitedFor: [...progress.waitedFor, id], heldUntilMs: untilMs };
}

/** The approval that the user is to give; undefined where there is none. */
function openToUser({ record }: Ruling): ApprovalRef | undefined {
  const open = record.combine.approvals.find(({ by, status }) => by === 'user' && status === 'open');
  return open?.id === undefined ? undefined : { id: open.id, by: open.by };
}

const MAX_SUBJECT = 300;

function callToConfirm<T extends Route>(
  ruling: Ruling,
  { route, args }: Extract<Target<T>, { kind: 'found' }>,
  subject: string,
): Parameters<typeof formFor>[0] {
  const { record } = ruling;
  return {
    server: route.server.id,
    subject: cutText(record.tool === '' ? subject : `the tool ${record.tool}`, MAX_SUBJECT),
    args: args.value,
    agent: record.principal.agent.id,
    why: whyOf(ruling),
    remember: rememberOf(ruling),
  };
}

function rememberOf({ record }: Ruling): Remember {
  return record.obligations.approvals.find(({ by }) => by === 'user')?.remember ?? 'never';
}
