import { type ActionType, phaseOf } from '../core/action.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { Change } from '../core/change.ts';
import { type Charge, resetsAt } from '../core/charge.ts';
import type { Clock } from '../core/clock.ts';
import type { Decision } from '../core/decision.ts';
import type { JsonObject } from '../core/json.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { Opinion } from '../core/opinion.ts';
import type { Bypass } from '../core/pause.ts';
import type {
  ApprovalFact,
  CombineFacts,
  DecisionRecord,
  OwnDenial,
  Replayable,
  ReservationFact,
} from '../core/record.ts';
import { chargesOf, type Reckoning } from '../policy/charges.ts';
import { combine } from '../policy/combine.ts';
import type { CombineInput } from '../policy/combine-opinions.ts';
import { shadowDecision } from '../policy/combine-record.ts';
import { labelsOf } from '../policy/labels.ts';
import type { Evaluation, PolicySet } from '../policy/policy-set.ts';
import type { AuditTexts, AuditVault } from '../state/audit.ts';
import { AWAIT_APPROVAL, type Limits } from './advice.ts';
import { attachments, type LabelSettings } from './labels.ts';
import { ruleTextIn } from './rule-texts.ts';
import type { Caller } from './port.ts';
import type { RuleText } from './told-denials.ts';

/** Types of obligation that this version carries out; any other denies unless it is marked as advice. */
const CARRIED = ['warn', 'audit_required', 'rate_limit', 'counter', 'label'];
/** What is carried out beside them: for requests of clients, for those that are answered here with what a server says, and for results. */
const CARRIED_FOR_REQUESTS = [...CARRIED, 'require_approval'];
const CARRIED_WITH_ANSWERS = [...CARRIED_FOR_REQUESTS, 'redact', 'deadline'];
const CARRIED_FOR_RESULTS = [...CARRIED, 'redact'];

/** What is to be decided. */
export interface Question {
  readonly caller: Caller;
  readonly action: ActionType | 'method';
  readonly server: string;
  readonly tool: string;
  /** The gateway's own denials; where there is one, no layer is asked. */
  readonly own: readonly OwnDenial[];
  /** Absent where no policy is asked. */
  readonly input: PolicyInput | undefined;
  readonly dropped: readonly string[];
  readonly traceId: string;
  /** Id of the record of the call that this belongs to; absent where it stands for itself. */
  readonly call?: string;
  /** JSON pointers into the arguments that the record must not keep, whatever is decided now. */
  readonly redact?: readonly string[];
}

/** What a question is ruled with. A ruling pins the policy set that was in force when it was made. */
export interface Court {
  readonly policy: PolicySet;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Takes out of an input, and of what rules made of it, what the log must not keep. */
  readonly mask: Mask;
  readonly labels: LabelSettings;
  /** Keeps whole what rules demand for the audit; absent where nothing is kept. */
  readonly audit?: AuditVault;
  /** Whether what policies deny is let through at a time, in milliseconds since the epoch; absent is never. */
  readonly bypass?: ((now: number) => Bypass) | undefined;
}

export interface Mask {
  /** `redact`: JSON pointers into the arguments that are masked beside what is masked anyway. */
  maskInput(
    input: PolicyInput,
    redact?: readonly string[],
  ): {
    readonly input: PolicyInput;
    readonly masked: readonly string[];
    readonly hidden: ReadonlySet<string>;
  };
  /** Texts that quote a hidden one are hidden too. */
  maskQuotes<T>(value: T, hidden: ReadonlySet<string>): T;
}

export interface Ruling {
  readonly record: DecisionRecord;
  /** JSON text of the record's input, which was written already to be hashed. */
  readonly inputText: string;
  readonly decision: Decision;
  readonly ruleText: (rule: string) => RuleText | undefined;
  /** What it takes from limits when it is recorded; empty unless it allows. */
  readonly charges: readonly Charge[];
  /** What else changes when it is recorded: what it attaches to the conversation, what is kept for the audit. */
  readonly changes: readonly Change[];
  /** The same question decided with what is known of approvals. */
  readonly meet: (approvals: readonly ApprovalFact[]) => Ruling;
  /** How the limits stand once it is recorded; absent where there are none. */
  readonly limits?: Limits;
}

type Asked = Omit<Evaluation, 'input'> & { readonly input: PolicyInput | undefined };

/** Asks the layers, combines their opinions and writes the record. Never throws for what a policy does. */
export function rule(question: Question, court: Court): Ruling {
  const startedMs = court.clock.monotonic();
  const evaluation = ask(question, court.policy);
  return decide(NO_APPROVALS, { question, court, startedMs, evaluation, id: court.newId() });
}

/** A question that the layers were asked. */
interface Heard {
  readonly question: Question;
  readonly court: Court;
  readonly startedMs: number;
  readonly evaluation: Asked;
  readonly id: string;
}

function decide(approvals: readonly ApprovalFact[], heard: Heard): Ruling {
  const { question, court, startedMs, evaluation, id } = heard;
  const { action, server, tool, caller } = question;
  const now = question.input?.environment.time_ms ?? court.clock.now();
  const bypass = court.bypass?.(now) ?? '';
  const combined = { ...combineFacts(question, evaluation, { now, bypass }), approvals };
  const facts = { action, server, tool, layers: evaluation.opinions, combine: combined };
  const decision = combine(facts);
  const charges = chargesFor(decision, facts, { input: evaluation.input, counters: court.policy.counters });
  const ruleText = (name: string): RuleText | undefined => ruleTextIn(court.policy, name);
  const { redact, audit_required: isAudited } = decision.obligations;
  const kept = keep(evaluation, { court, redact: [...redact.record, ...(question.redact ?? NOTHING)] });
  const material = isAudited ? court.audit?.keep({ id, part: 'input' }, textsFor(evaluation, kept)) : undefined;
  const record: DecisionRecord = {
    id,
    time: question.input?.environment.time ?? new Date(now).toISOString(),
    generation: court.policy.generation,
    principal: caller.principal,
    client: caller.client,
    session: caller.session,
    call: question.call ?? '',
    action,
    server,
    tool,
    layers: kept.layers,
    combine: charges.length === 0 ? combined : withReservations(combined, charges),
    effect: decision.effect,
    reasons: decision.reasons,
    reason_internal: decision.reason_internal,
    remediation: remedyOf(decision, ruleText),
    matched_rules: decision.matched_rules,
    lifted: decision.lifted,
    obligations: decision.obligations,
    budgets: question.input?.budgets ?? {},
    input: kept.input,
    input_hash: kept.input_hash,
    replayable: kept.replayable,
    dropped: question.dropped,
    shadow: shadowDecision(facts),
    trace_id: question.traceId,
    latency_us: { decide: Math.round((court.clock.monotonic() - startedMs) * 1000) },
    ...(material === undefined ? {} : { audit_hash: material.hash }),
  };
  const labels = labelsFor(decision, facts, { caller, settings: court.labels });
  const changes: readonly Change[] = material === undefined ? labels : [...labels, { kind: 'keep_audit', material }];
  const meet: Ruling['meet'] = (known) => decide(known, heard);
  return { record, inputText: kept.inputText, decision, ruleText, charges, changes, meet };
}

const NO_APPROVALS: readonly ApprovalFact[] = [];

/** Nobody is asked where the gateway itself denies; the input is kept all the same. */
function ask(question: Question, policy: PolicySet): Asked {
  const { action, server, tool, input, own } = question;
  if (own.length > 0 || input === undefined || action === 'method')
    return { opinions: [], required: [], modes: {}, input };
  const { delegators } = question.caller;
  return policy.evaluate({ action, server, tool, agent: input.agent.id, input, delegators });
}

const NOTHING: readonly string[] = [];

function combineFacts(
  { own, action }: Question,
  evaluation: Asked,
  { now, bypass }: Pick<CombineFacts, 'now' | 'bypass'>,
): Omit<CombineFacts, 'approvals'> {
  return {
    version: 1,
    required: evaluation.required,
    carries: carriedFor(action),
    modes: evaluation.modes,
    own,
    bypass,
    now,
    reservations: [],
    ...(evaluation.delegators && { delegators: evaluation.delegators }),
  };
}

function carriedFor(action: Question['action']): readonly string[] {
  if (action === 'tool_result') return CARRIED_FOR_RESULTS;
  if (action === 'method' || phaseOf(action) !== 'request') return CARRIED;
  return action === 'subscribe' ? CARRIED_FOR_REQUESTS : CARRIED_WITH_ANSWERS;
}

const NO_CHARGES: readonly Charge[] = [];

function chargesFor(decision: Decision, facts: CombineInput, { input, counters }: Chargeable): readonly Charge[] {
  const { rate_limits: rates, counters: counted } = decision.obligations;
  const isFree = decision.effect !== 'allow' || rates.length + counted.length === 0;
  return isFree || input === undefined ? NO_CHARGES : chargesOf(facts, { input, counters });
}

interface Chargeable extends Omit<Reckoning, 'input'> {
  readonly input: PolicyInput | undefined;
}

const NO_LABELS: readonly Change[] = [];

/** Attached when the request is forwarded, so only then. */
function labelsFor(
  { effect, obligations }: Decision,
  facts: CombineInput,
  { caller, settings }: { readonly caller: Caller; readonly settings: LabelSettings },
): readonly Change[] {
  if (effect !== 'allow' || obligations.labels.length === 0) return NO_LABELS;
  return attachments(labelsOf(facts), caller, { settings, now: facts.combine.now });
}

/** The record says that all is reserved: it is committed in the same transaction, or not at all. */
function withReservations(facts: CombineFacts, charges: readonly Charge[]): CombineFacts {
  return { ...facts, reservations: charges.map((charge) => reservationOf(charge, 'reserved')) };
}

/** `fitsAtMs`: when a sliding window will have room, where that is known. */
export function reservationOf(
  { counter, cost, limit, window }: Charge,
  status: ReservationFact['status'],
  fitsAtMs?: number,
): ReservationFact {
  const resets_at = fitsAtMs === undefined ? resetsAt(window) : new Date(fitsAtMs).toISOString();
  return { counter, status, resets_at, cost, limit };
}

/** Code of what would help against the first denial or while it is pending; empty where there is nothing to do. */
export function remedyOf(decision: Decision, ruleText: (rule: string) => RuleText | undefined): string {
  const [first] = decision.denials;
  if (first === undefined) return decision.effect === 'pending' ? AWAIT_APPROVAL : '';
  const remedy = ruleText(first.rule)?.remedy ?? '';
  return remedy === '' ? first.reason : remedy;
}

type Kept = Pick<DecisionRecord, 'layers' | 'input' | 'input_hash' | 'replayable'> & Pick<Ruling, 'inputText'>;

interface Keeping {
  readonly court: Court;
  readonly redact: readonly string[];
}

function keep({ input, opinions }: Asked, { court, redact }: Keeping): Kept {
  const { mask, policy } = court;
  if (input === undefined) {
    const replayable = { kind: 'not', why: 'no policy was asked' } as const;
    return { layers: opinions, input: {}, inputText: '{}', input_hash: '', replayable };
  }
  const { input: maskedInput, masked, hidden } = mask.maskInput(input, redact);
  const text = textOf(input);
  return {
    layers: mask.maskQuotes(opinions, hidden),
    input: maskedInput,
    inputText: masked.length === 0 ? text : textOf(maskedInput),
    input_hash: sha256Hex(text),
    replayable: replayableWithout(masked, opinions, policy),
  };
}

function textsFor({ input }: Asked, { inputText: masked }: Kept): AuditTexts {
  return { whole: () => (input === undefined ? '{}' : textOf(input)), masked: () => masked };
}

function textOf(input: PolicyInput): string {
  return canonicalJson(input as unknown as JsonObject);
}

/** What was masked matters to a replay only where a bundle that was asked can see it. */
function replayableWithout(masked: readonly string[], opinions: readonly Opinion[], policy: PolicySet): Replayable {
  if (masked.length === 0) return { kind: 'fully' };
  const asked = opinions.map(({ bundle }) => bundle);
  const pointers = masked.filter((pointer) => policy.reads(asked, placeOf(pointer)));
  return pointers.length === 0 ? { kind: 'fully' } : { kind: 'partly', pointers };
}

/** A JSON pointer in the form in which the toolchain names what rules read. */
function placeOf(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
}
