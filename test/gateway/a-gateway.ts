import { onTestFinished } from 'vitest';
import { type Change, isRefusal } from '../../src/core/change.ts';
import type { ServerPins } from '../../src/catalog/pins.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Observer } from '../../src/core/observer.ts';
import type { ServerId } from '../../src/core/names.ts';
import type { ObligationElement, Opinion } from '../../src/core/opinion.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { ListName } from '../../src/core/protocol.ts';
import type { DecisionRecord, Outcome } from '../../src/core/record.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { Agents, type ConfiguredAgent } from '../../src/gateway/agents.ts';
import { Confirmations } from '../../src/gateway/confirmations.ts';
import { Conversations } from '../../src/gateway/conversation.ts';
import { createDialogue } from '../../src/gateway/create-dialogue.ts';
import { Directory } from '../../src/gateway/directory.ts';
import { Exposure } from '../../src/gateway/exposure.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import type { GovernedServer } from '../../src/gateway/governed-server.ts';
import type { Governing, ResultHandling } from '../../src/gateway/governing.ts';
import { Instances } from '../../src/gateway/instances.ts';
import { observedLog } from '../../src/gateway/observing.ts';
import { PolicyInForce } from '../../src/gateway/policy-in-force.ts';
import { Vouching } from '../../src/gateway/vouching.ts';
import type { LabelSettings } from '../../src/gateway/labels.ts';
import type { Caller, ClientRequest, Exchange } from '../../src/gateway/port.ts';
import type { Store } from '../../src/state/store.ts';
import type { InstanceOf } from '../../src/upstream/instance-host.ts';
import type { AuditVault } from '../../src/state/audit.ts';
import { PolicySet } from '../../src/policy/policy-set.ts';
import { anOpinion, aVerdict } from '../policy/decision-makers.ts';
import type { ApprovalBook } from '../../src/state/approval-book.ts';
import { decisionIds } from '../../src/state/decision-id.ts';
import { realClock, silent } from '../state/records.ts';
import { aCaller, aGovernedServer, anExchange, ENVIRONMENT, LABELS, NOW, RESULTS } from './makers.ts';
import { aScriptedServer, type Script, type ScriptedServer } from './scripted-server.ts';

/** What one bundle of each layer says; grants are given unless a rule denies. */
export interface Rules {
  readonly hides?: (input: PolicyInput) => boolean;
  readonly denies?: (input: PolicyInput) => boolean;
  /** Labels that the server's bundle puts on the conversation. */
  readonly labels?: (input: PolicyInput) => readonly string[];
  /** Obligations of a bundle of layer compliance on requests. */
  readonly obliges?: readonly ObligationElement[];
  /** What that bundle says of results; where it is absent nobody governs them. */
  readonly ofResults?: (input: PolicyInput) => Partial<Opinion>;
  /** Servers that identity grants; without, it limits nothing. */
  readonly grants?: readonly string[];
  /** Whether identity cannot be asked. */
  readonly isInDoubt?: boolean;
}

export interface WorldOptions {
  readonly servers: Readonly<Record<string, Script>>;
  readonly rules?: Rules;
  readonly toolNames?: 'auto' | 'prefixed' | 'plain';
  readonly allowedMethods?: readonly string[];
  readonly allow?: Partial<GovernedServer['allow']>;
  readonly agents?: Readonly<Record<string, Partial<ConfiguredAgent>>>;
  readonly signsIn?: 'not_needed' | 'signed_in' | 'required';
  /** Where it remembers, and keeps decisions and approvals; without one decisions are kept in a list. */
  readonly store?: Store;
  /** The tag of this gateway among those that share the store. */
  readonly place?: string;
  readonly clock?: Clock;
  readonly labelSettings?: LabelSettings;
  readonly results?: Partial<ResultHandling>;
  readonly audit?: AuditVault;
  /** Throws where the record cannot be committed. */
  readonly commit?: (record: DecisionRecord) => void;
  /** How long a call is held for its user. */
  readonly holdMs?: number;
  readonly observer?: Observer;
  /** What of the servers' tools was accepted. */
  readonly pins?: Readonly<Record<string, ServerPins>>;
}

/** A whole gateway on servers that are scripts, with the log in a list. */
export interface World {
  readonly gateway: Gateway;
  readonly records: readonly DecisionRecord[];
  readonly outcomes: readonly Outcome[];
  /** What was changed with records and outcomes. */
  readonly changes: readonly Change[];
  readonly servers: Readonly<Record<string, ScriptedServer>>;
  readonly ask: (request: ClientRequest, caller?: Caller, exchange?: Partial<Exchange>) => Promise<RpcAnswer>;
  /** Resolves when the store has all that was counted. */
  readonly close: () => Promise<void>;
  /** What a server got to hear after its lists were read. */
  readonly heard: (server: string) => readonly { readonly method: string; readonly params: JsonObject }[];
  readonly enforce: (rules: Rules) => Promise<void>;
  /** As a server says by itself, in the name of its one instance. */
  readonly say: (server: string, method: string, params: JsonObject) => void;
}

export async function aGateway(options: WorldOptions): Promise<World> {
  const { servers: scripts, rules = {}, commit, store, holdMs = 0 } = options;
  const servers = Object.fromEntries(Object.entries(scripts).map(([id, script]) => [id, aScriptedServer(script)]));
  const scripted = (id: string): ScriptedServer => {
    const server = servers[id];
    if (server === undefined) throw new Error(`there is no server ${id}`);
    return server;
  };
  const records: DecisionRecord[] = [];
  const outcomes: Outcome[] = [];
  const changed: Change[] = [];
  const clock = options.clock ?? { now: () => NOW, monotonic: () => 0 };
  const newId = store === undefined ? (): string => `id-${String(records.length + 1)}` : decisionIds(realClock);
  const book = store?.approvals ?? NO_APPROVALS;
  const keyedHash = (text: string): string => store?.keyedHash(text) ?? text;
  const directory = await aDirectory(Object.keys(scripts), scripted, options);
  const serversUnder = (next: PolicySet) =>
    new Map([...directory.servers].map(([id, server]) => [id, { ...server, policy: next }]));
  const policy = new PolicyInForce(new Scripted({}), { directory, serversUnder });
  await policy.replace(new Scripted(rules));
  const log: Governing['log'] = {
    append: async (record) => {
      commit?.(record);
      await store?.log.append(record);
      records.push(record);
    },
    commit: async (record, inputText, changes) => {
      commit?.(record);
      const answer = store === undefined ? { remaining: [] } : await store.log.commit(record, inputText, changes);
      if (isRefusal(answer)) return answer;
      records.push(record);
      changed.push(...changes);
      return answer;
    },
    settle: (outcome, changes = []) => {
      store?.log.settle(outcome, changes);
      outcomes.push(outcome);
      changed.push(...changes);
    },
  };
  const governing: Governing = {
    court: (_schema, decides = policy.current) => ({
      policy: decides,
      clock,
      ...(options.audit === undefined ? {} : { audit: options.audit }),
      newId,
      mask: { maskInput: (input) => ({ input, masked: [], hidden: new Set() }), maskQuotes: (value) => value },
      labels: options.labelSettings ?? LABELS,
    }),
    environment: ENVIRONMENT,
    conversations: new Conversations(clock, store && { store: store.conversations, logger: silent, mostKept: 100 }),
    readLabels: async (whose, now) => (await store?.labelsOf(whose, now)) ?? [],
    results: { ...RESULTS, ...options.results },
    log: options.observer === undefined ? log : observedLog(log, options.observer),
    budgets: { readCounts: async () => [] },
    clock,
    logger: silent,
  };
  const vouching = new Vouching({ clock, logger: silent, onDrift: (server) => directory.reread(server) });
  const instances = new Instances({
    acquire: (server) => scripted(server).upstream,
    epochFor: (upstream, server, tool) => vouching.epochFor(upstream, server, tool),
    logger: silent,
  });
  const send: Parameters<typeof createDialogue>[0]['send'] = (outgoing) => instances.send(outgoing);
  const dialogue = createDialogue({
    ...governing,
    send,
    follow: (wish) => instances.follow(wish),
    keyedHash,
    place: options.place,
    expose: (server, uri) => directory.resources.expose(server, uri),
    namesServers: () => true,
  });
  onTestFinished(() => dialogue.close());
  onTestFinished(() => governing.conversations.close());
  const agents = new Agents(new Map(Object.entries(options.agents ?? {}).map(([id, part]) => [id, anAgent(part)])));
  const gateway = new Gateway(
    Promise.resolve({
      ...governing,
      observer: options.observer,
      approvals: {
        book,
        confirmations: new Confirmations({
          book,
          act: async (act, changes) => store?.log.act(act, changes),
          newId,
          keyedHash,
          clock,
          logger: silent,
          holdMs,
          pollMs: 5,
        }),
        timeoutMs: 60_000,
        login: 'ana-login',
      },
      policy,
      directory,
      exposure: new Exposure({
        policy: () => policy.current,
        agents,
        environment: ENVIRONMENT,
        clock,
      }),
      instances,
      driftAt: (route, { caller }) => vouching.driftOf(route, () => instances.acquire(route.server, caller)),
      dialogue,
      signIns: { stateOf: () => options.signsIn ?? 'not_needed' },
      check: () => ({ kind: 'valid' }),
      allowedMethods: options.allowedMethods ?? [],
      agents,
      keyedId: (text) => store?.keyedId(text) ?? text,
      instructionsOf: (server) => (server === 'files' ? 'Be brief.' : ''),
      endInstances: async () => undefined,
    }),
  );
  const read = new Map(Object.keys(scripts).map((id) => [id, scripted(id).heard.length]));
  return {
    gateway,
    records,
    outcomes,
    changes: changed,
    servers,
    close: () => governing.conversations.close(),
    ask: (request, caller = aCaller(), exchange = {}) => gateway.answer(request, caller, anExchange(exchange)),
    heard: (server) => scripted(server).heard.slice(read.get(server)),
    enforce: (next) => gateway.enforce(new Scripted(next)),
    say: (server, method, params) => {
      const { upstream } = scripted(server);
      const from: InstanceOf = { server: server as ServerId, kind: 'session', holder: undefined, upstream };
      gateway.host.onNotification(from, { kind: 'notification', method, params });
    },
  };
}

function anAgent(part: Partial<ConfiguredAgent>): ConfiguredAgent {
  return {
    scope: '',
    owner_team: '',
    model: '',
    reach: { servers: undefined, tools: undefined },
    parent: undefined,
    ...part,
  };
}

export async function aDirectory(
  ids: readonly string[],
  scripted: (id: string) => ScriptedServer,
  { toolNames = 'auto', allow = {}, servers, pins = {} }: WorldOptions,
): Promise<Directory> {
  const allowed = { sampling: false, elicitation: false, roots: false, ...allow };
  const governed = ids.map((id) => aGovernedServer(id, { allow: allowed, pins: pins[id] }));
  const directory = new Directory({
    servers: new Map(governed.map((server) => [server.id, server])),
    names: { toolNames, filters: new Map(governed.map(({ id }) => [id, { include: ['*'], exclude: [] }])) },
    source: {
      readList: (server: ServerId, list: ListName) => scripted(server).upstream.readList(list),
      onListChanged: () => () => undefined,
      capabilitiesOf: (server) => servers[server]?.capabilities,
    },
    memory: { read: async () => undefined, write: async () => undefined },
    prepare: async () => undefined,
    forget: () => undefined,
    startWaitMs: 5_000,
    logger: silent,
  });
  onTestFinished(() => directory.close());
  await directory.start();
  await Promise.all((['tools', 'prompts', 'resources', 'templates'] as const).map((list) => directory.settled(list)));
  return directory;
}

/** Nobody has asked for any. */
const NO_APPROVALS: ApprovalBook = {
  find: async () => [],
  read: async () => undefined,
  list: async () => [],
  byId: async () => [],
  answering: async () => [],
};

function isOfClient(action: string): boolean {
  return ['tool_call', 'resource_read', 'prompt_get', 'completion'].includes(action);
}

let generations = 0;

/** A policy that grants everything but what its rules hide or deny. */
export class Scripted extends PolicySet {
  readonly #rules: Rules;

  constructor(rules: Rules) {
    generations += 1;
    const clock = { now: () => NOW, monotonic: () => 0 };
    const generation = `generation-${String(generations)}`;
    super({ generation, participants: [], respondents: new Map(), required: [], evaluationFuel: 1, clock });
    this.#rules = rules;
  }

  override governsResults(): boolean {
    return this.#rules.ofResults !== undefined;
  }

  override evaluate(question: Parameters<PolicySet['evaluate']>[0]): ReturnType<PolicySet['evaluate']> {
    const { hides, denies, labels, obliges = [], ofResults, grants = [], isInDoubt = false } = this.#rules;
    const spoken = question.action === 'tool_result' ? ofResults?.(question.input) : undefined;
    if (question.action === 'tool_result') {
      const opinions = [anOpinion({ layer: 'compliance', bundle: 'compliance', ...spoken })];
      return { ...super.evaluate(question), opinions: spoken === undefined ? [] : opinions };
    }
    const hide = hides?.(question.input) === true ? [aVerdict('CO-H', { reason: 'hidden_here' })] : [];
    const isList = question.action.endsWith('_list');
    const deny = !isList && denies?.(question.input) === true ? [aVerdict('CO-1', { reason: 'not_wanted' })] : [];
    const names = isList ? [] : (labels?.(question.input) ?? []);
    const labelled = names.map((label) => ({ id: 'S-L', label, ttl_s: 0, mode: 'enforce' }) as const);
    const capabilities = grants.map((value) => ({ id: 'ID-1', kind: 'server', value, mode: 'enforce' }) as const);
    const opinions: readonly Opinion[] = [
      anOpinion({ layer: 'identity', bundle: 'identity', capabilities, status: isInDoubt ? 'error' : 'ok' }),
      anOpinion({
        layer: 'compliance',
        bundle: 'compliance',
        deny,
        hide,
        obligations: isOfClient(question.action) ? obliges : [],
      }),
      anOpinion({ layer: 'server', bundle: 'server', allow: isList ? [] : [aVerdict('S-1')], labels: labelled }),
      anOpinion({ layer: 'resource', bundle: 'resource', allow: isList ? [] : [aVerdict('R-1')] }),
    ];
    return { ...super.evaluate(question), opinions };
  }
}
