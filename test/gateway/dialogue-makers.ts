import type { Clock } from '../../src/core/clock.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/core/json.ts';
import type { ServerId } from '../../src/core/names.ts';
import type { Opinion } from '../../src/core/opinion.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { DecisionRecord, Outcome } from '../../src/core/record.ts';
import type { RpcAnswer, RpcRequest } from '../../src/core/rpc.ts';
import { Conversations } from '../../src/gateway/conversation.ts';
import { createDialogue } from '../../src/gateway/create-dialogue.ts';
import type {
  Dialogue,
  DialogueParts,
  Ended,
  FollowTasks,
  Forwarding,
  Outgoing,
  ParkingLimits,
  Resumed,
  Said,
} from '../../src/gateway/dialogue.ts';
import type { GovernedServer } from '../../src/gateway/governed-server.ts';
import type { Caller, ServerQuestion } from '../../src/gateway/port.ts';
import type { Court } from '../../src/gateway/rule.ts';
import { PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { anOpinion, aVerdict, NOW } from '../policy/decision-makers.ts';
import { anExchange, LABELS, RESULTS } from './makers.ts';
import { aRecord, silent } from '../state/records.ts';

export const FORM: ServerQuestion = {
  method: 'elicitation/create',
  params: { message: 'Your name?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } },
};
export const SAMPLE: ServerQuestion = {
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text: 'Capital of France?' } }], maxTokens: 10 },
};
export const ROOTS: ServerQuestion = { method: 'roots/list', params: {} };
export const ACCEPTED: JsonObject = { action: 'accept', content: { name: 'Ada' } };

export const CAN_ALL: JsonObject = { sampling: { tools: {} }, elicitation: { form: {}, url: {} }, roots: {} };

export function aSessionCaller(part: Partial<Caller> = {}): Caller {
  return {
    session: 'session-1',
    principal: {
      agent: { ...TOTAL_INPUT.agent, id: 'assistant' },
      user: { id: 'ada', groups: [], data_classifications_authorized: [] },
    },
    client: { name: 'test', version: '1', protocol: '2025-11-25' },
    era: 'session',
    capabilities: CAN_ALL,
    ...part,
  };
}

export function aStatelessCaller(part: Partial<Caller> = {}): Caller {
  return aSessionCaller({ era: 'stateless', client: { name: 'test', version: '1', protocol: '2026-07-28' }, ...part });
}

export function aUser(id: string): Pick<Caller, 'principal'> {
  const { principal } = aSessionCaller();
  return { principal: { ...principal, user: { ...principal.user, id } } };
}

export function aServer(part: Partial<GovernedServer> = {}): GovernedServer {
  const id = part.id ?? ('files' as ServerId);
  return {
    id,
    facts: { id, package: '', version: '', region: '', trust: '' },
    hasBundle: false,
    effects: {},
    dataClasses: {},
    argumentClasses: {},
    unknownArguments: undefined,
    allow: { sampling: true, elicitation: true, roots: true },
    ...part,
  };
}

export type Send = (outgoing: Outgoing) => Promise<RpcAnswer>;

export interface WorldOptions {
  /** What a server does with a request. */
  readonly send: Send;
  readonly follow?: FollowTasks;
  /** Whether a rule of the organisation denies. */
  readonly denies?: (input: PolicyInput) => boolean;
  readonly namesServers?: boolean;
  readonly limits?: Partial<ParkingLimits>;
  /** The tag of this gateway among those that share its store. */
  readonly place?: string;
  /** Called before a record is committed; throws where it cannot be. */
  readonly commit?: (record: DecisionRecord) => void | Promise<void>;
}

/** A dialogue with its log and its policy, and a clock that a test can move. */
export interface World {
  readonly dialogue: Dialogue;
  readonly records: readonly DecisionRecord[];
  readonly outcomes: readonly Outcome[];
  readonly clock: Clock & { now: () => number; move: (ms: number) => void };
  /** Forwards as the story of a request does: each time with a record of its own. */
  readonly call: (part?: Partial<Forwarding>) => Promise<Said>;
  /** Comes back with answers, as a stateless client does. */
  readonly retry: (said: Said, responses: JsonObject, part?: Partial<Forwarding>) => Promise<Said | 'stale'>;
  /** Of the requests that were forwarded, by the id of their record. */
  readonly ended: ReadonlyMap<string, Promise<Ended>>;
}

export function aWorld(options: WorldOptions): World {
  const records: DecisionRecord[] = [];
  const outcomes: Outcome[] = [];
  const ended = new Map<string, Promise<Ended>>();
  let movedMs = 0;
  const clock = {
    now: () => NOW + movedMs,
    monotonic: () => movedMs,
    move: (ms: number) => void (movedMs += ms),
  };
  const parts: DialogueParts = {
    court: () => aCourt(options.denies ?? (() => false), clock),
    environment: {
      gateway: 'test',
      region: '',
      isProduction: false,
      labels: {},
      timezone: 'UTC',
      weekdayAt: () => 'monday',
    },
    conversations: new Conversations(clock),
    readLabels: async () => [],
    results: RESULTS,
    log: {
      // As the log does: the text of the input is what is kept.
      append: async (record, inputText = JSON.stringify(record.input)) => {
        await new Promise((turn) => setImmediate(turn));
        await options.commit?.(record);
        records.push({ ...record, input: JSON.parse(inputText) as DecisionRecord['input'] });
      },
      commit: () => Promise.reject(new Error('no rule here has a limit')),
      settle: (outcome) => void outcomes.push(outcome),
    },
    budgets: { readCounts: async () => [] },
    clock,
    logger: silent,
    send: options.send,
    follow: options.follow ?? (() => Promise.reject(new GatewayError('UPSTREAM_UNAVAILABLE', 'it tells of nothing'))),
    keyedHash: (text) => `hmac:${text.length}`,
    place: options.place,
    expose: (_server, uri) => uri,
    namesServers: () => options.namesServers ?? false,
    limits: { gatherMs: 2, ...options.limits },
  };
  const dialogue = createDialogue(parts);
  const call = async (part: Partial<Forwarding> = {}): Promise<Said> => {
    const forwarding = aForwarding(part, (resumed) => call({ ...part, resumed }));
    const said = await dialogue.forward(forwarding);
    if (said.outcome !== undefined) ended.set(forwarding.ruling.record.id, said.outcome);
    return said;
  };
  const retry = async (said: Said, responses: JsonObject, part: Partial<Forwarding> = {}): Promise<Said | 'stale'> => {
    const { caller, binding } = aForwarding(part);
    const resumed = dialogue.open({ responses, state: stateIn(said) }, caller, binding);
    return resumed === undefined ? 'stale' : call({ ...part, resumed });
  };
  return { dialogue, records, outcomes, clock, call, retry, ended };
}

function aForwarding(
  part: Partial<Forwarding> = {},
  again: (resumed: Resumed) => Promise<RpcAnswer> = () => Promise.reject(new Error('not again')),
): Forwarding {
  const input = {
    ...TOTAL_INPUT,
    action: { ...TOTAL_INPUT.action, type: 'tool_call', tool: 'read', effect: 'write', consent: 'accepted' },
  } satisfies PolicyInput;
  return {
    ruling: {
      record: aRecord({ server: 'files', tool: 'read', trace_id: 'f'.repeat(32), input }),
      inputText: JSON.stringify(input),
      decision: {
        effect: 'allow',
        reasons: [],
        reason_internal: '',
        denials: [],
        warnings: [],
        matched_rules: [],
        lifted: [],
        obligations: aRecord().obligations,
        hidden: false,
      },
      ruleText: () => undefined,
      charges: [],
      changes: [],
      meet: () => {
        throw new Error('no rule here asks for an approval');
      },
    },
    caller: aStatelessCaller(),
    exchange: anExchange(),
    server: aServer(),
    method: 'tools/call',
    params: { name: 'read', arguments: { path: 'a' } },
    binding: 'the-arguments',
    resumed: undefined,
    again,
    ...part,
  };
}

/** A server in a session: asks, and answers with what it was told. */
export function asksInSession(...questions: readonly ServerQuestion[]): Send {
  return async ({ options }) => {
    const answers = await Promise.all(questions.map((question) => asked(options, question)));
    return result({ answers });
  };
}

/** What a server is told that asks in the middle of a request. */
export async function asked(
  { onRequest }: Outgoing['options'],
  question: Parameters<typeof aRequest>[0],
): Promise<JsonObject> {
  const answer = await onRequest?.(aRequest(question), new AbortController().signal);
  if (answer === undefined) return {};
  return answer.kind === 'result' ? { ...answer } : { kind: 'failure', error: { ...answer.error } };
}

export const NEVER = new AbortController().signal;

export function aRequest({ method, params }: Pick<ServerQuestion, 'params'> & { readonly method: string }): RpcRequest {
  return { kind: 'request', id: 1, method, params };
}

/** A stateless server: asks as long as it has no answer for each key. */
export function asksStateless(questions: Readonly<Record<string, ServerQuestion>>, requestState?: string): Send {
  return ({ params }) => {
    const { inputResponses = {}, requestState: state = null } = params;
    const answered = isJsonObject(inputResponses) ? inputResponses : {};
    const isDone = Object.keys(questions).every((key) => Object.hasOwn(answered, key));
    if (isDone) return Promise.resolve(result({ answered, state }));
    const inputRequests = Object.fromEntries(
      Object.entries(questions).map(([key, question]) => [key, { ...question }]),
    );
    const kept = requestState === undefined ? {} : { requestState };
    return Promise.resolve(result({ resultType: 'input_required', inputRequests, ...kept }));
  };
}

export function result(object: JsonObject): RpcAnswer & { readonly kind: 'result' } {
  return { kind: 'result', result: object };
}

export function resultOf(said: RpcAnswer | 'stale'): JsonObject {
  if (said === 'stale' || said.kind !== 'result') throw new Error(`no result: ${JSON.stringify(said)}`);
  return said.result;
}

export function errorOf(said: unknown): { readonly code: number; readonly message: string } {
  if (!isFailure(said)) throw new Error(`no error: ${JSON.stringify(said)}`);
  return said.error;
}

function isFailure(said: unknown): said is RpcAnswer & { readonly kind: 'failure' } {
  return isJsonObject(said) && said['kind'] === 'failure';
}

export function stateIn(said: RpcAnswer): string | undefined {
  const { requestState } = resultOf(said);
  return typeof requestState === 'string' ? requestState : undefined;
}

export function askedIn(said: RpcAnswer | 'stale'): Readonly<Record<string, JsonObject>> {
  const { inputRequests } = resultOf(said);
  const entries = isJsonObject(inputRequests) ? Object.entries(inputRequests) : [];
  return Object.fromEntries(entries.flatMap(([key, value]) => (isJsonObject(value) ? [[key, value]] : [])));
}

function aCourt(denies: (input: PolicyInput) => boolean, clock: Clock): Court {
  return {
    policy: new Scripted(denies, clock),
    clock,
    newId: () => aRecord().id,
    mask: { maskInput: (input) => ({ input, masked: [], hidden: new Set() }), maskQuotes: (value) => value },
    labels: LABELS,
  };
}

/** A policy of one bundle of layer compliance. */
class Scripted extends PolicySet {
  readonly #denies: (input: PolicyInput) => boolean;

  constructor(denies: (input: PolicyInput) => boolean, clock: Clock) {
    super({ generation: 'g', participants: [], respondents: new Map(), required: [], evaluationFuel: 1, clock });
    this.#denies = denies;
  }

  override evaluate(question: Parameters<PolicySet['evaluate']>[0]): ReturnType<PolicySet['evaluate']> {
    const deny = this.#denies(question.input) ? [aVerdict('CO-1', { reason: 'not_asked' })] : [];
    const opinions: readonly Opinion[] = [anOpinion({ layer: 'compliance', deny })];
    return { ...super.evaluate(question), opinions };
  }
}
