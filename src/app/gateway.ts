import { agentsIn } from './agents.ts';
import { approvalNotices } from './approval-notices.ts';
import { serversUnder } from './directory.ts';
import type { LockInForce } from './lock.ts';
import type { AppOptions } from './options.ts';
import type { FoundServer } from './servers.ts';
import { type ArgumentChecker, unknownArgumentsFor } from '../catalog/arguments.ts';
import { matchesAny } from '../catalog/glob.ts';
import { secretPointers } from '../catalog/secret-pointers.ts';
import type { Config } from '../config/paths.ts';
import { boundedPattern } from '../core/bounded-pattern.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { toRoundedJson } from '../core/lossless-json.ts';
import type { Observer } from '../core/observer.ts';
import type { Bypass } from '../core/pause.ts';
import { placeTag } from '../core/place.ts';
import { type Environment, weekdays } from '../gateway/build-input.ts';
import { Confirmations } from '../gateway/confirmations.ts';
import { Conversations } from '../gateway/conversation.ts';
import { createClassifier, type DataClass } from '../gateway/data-classes.ts';
import { createDialogue } from '../gateway/create-dialogue.ts';
import type { Directory } from '../gateway/directory.ts';
import { Exposure } from '../gateway/exposure.ts';
import type { GatewayParts } from '../gateway/gateway.ts';
import type { Governing, ResultHandling } from '../gateway/governing.ts';
import { Instances } from '../gateway/instances.ts';
import type { LabelSettings } from '../gateway/labels.ts';
import { observedLog } from '../gateway/observing.ts';
import { PolicyInForce } from '../gateway/policy-in-force.ts';
import type { Mask } from '../gateway/rule.ts';
import type { Approvals } from '../gateway/seek-approval.ts';
import { ToldInstructions } from '../gateway/told-instructions.ts';
import type { ArgumentCheck } from '../gateway/tool-way.ts';
import { Vouching } from '../gateway/vouching.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { openVault } from '../state/audit.ts';
import { decisionIds } from '../state/decision-id.ts';
import { createMasker } from '../state/masking.ts';
import type { Store } from '../state/store.ts';
import type { SignIns } from '../upstream/sign-ins.ts';
import type { Upstreams } from '../upstream/upstreams.ts';

/** What a gateway stands on, up and running. */
export interface Standing {
  readonly store: Store;
  readonly checker: ArgumentChecker;
  readonly found: readonly FoundServer[];
  readonly upstreams: Upstreams;
  readonly signIns: SignIns;
  readonly policy: PolicySet;
  readonly directory: Directory;
  readonly lock: LockInForce;
  /** Who watches; absent where nobody does. */
  readonly observer?: Observer | undefined;
  /** Whether what policies deny is let through at a time, in milliseconds since the epoch. */
  readonly bypass: (now: number) => Bypass;
}

/** Conversations and agents whose counts are in memory at one time, some kilobytes each; the store has all of them. */
const MOST_CONVERSATIONS = 2_000;

/** Hands every step of the request's way the part that does it. */
export function gatewayParts(standing: Standing, options: AppOptions): GatewayParts {
  const { store, checker, found, upstreams, signIns, directory, lock, bypass, observer } = standing;
  const { config, clock, logger } = options;
  const agents = agentsIn(config);
  const place = placeOf(store);
  const policy = new PolicyInForce(standing.policy, {
    directory,
    serversUnder: (next) => serversUnder(found, next, lock),
  });
  const environment = environmentOf(options);
  const governing: Governing = {
    court: courts(() => policy.current, { store, bypass }, options),
    environment,
    conversations: conversationsIn(store, options),
    readLabels: (whose, now) => store.labelsOf(whose, now),
    results: resultHandling(checker, options),
    log: observer === undefined ? store.log : observedLog(store.log, observer),
    budgets: store,
    clock,
    logger,
  };
  const vouching = new Vouching({ clock, logger, onDrift: (server) => directory.reread(server) });
  const instances = new Instances({
    acquire: (server, holder) => upstreams.acquire(server, holder),
    epochFor: (upstream, server, tool) => vouching.epochFor(upstream, server, tool),
    logger,
  });
  const dialogue = createDialogue({
    ...governing,
    send: (outgoing) => instances.send(outgoing),
    follow: (wish) => instances.follow(wish),
    keyedHash: (text) => store.keyedHash(text),
    place,
    expose: (server, uri) => directory.resources.expose(server, uri),
    namesServers: () => found.length > 1,
  });
  return {
    ...governing,
    approvals: approvalsOf(store, options),
    policy,
    directory,
    exposure: new Exposure({ policy: () => policy.current, agents, environment, clock, bypass }),
    instances,
    driftAt: (route, { caller }) => vouching.driftOf(route, () => instances.acquire(route.server, caller)),
    dialogue,
    signIns,
    place,
    beginSignIn: (server, principal) => signIns.beginSignIn(server, principal),
    check: argumentCheck(checker),
    allowedMethods: config.gateway.methods.allow,
    agents,
    observer,
    keyedId: (text) => store.keyedId(text),
    instructionsOf: toldBy(standing, options),
    endInstances: (session) => upstreams.endSession(session),
  };
}

function toldBy({ directory, upstreams }: Standing, { logger }: AppOptions): GatewayParts['instructionsOf'] {
  const instructions = new ToldInstructions(logger);
  return (id) => {
    const server = directory.servers.get(id);
    return server === undefined ? '' : instructions.of(server, upstreams.describe(id)?.instructions ?? '');
  };
}

function conversationsIn(store: Store, { clock, logger }: AppOptions): Conversations {
  const isSpread = placeOf(store) !== undefined;
  return new Conversations(clock, { store: store.conversations, logger, mostKept: MOST_CONVERSATIONS, isSpread });
}

/** Gateways that share a file are processes of one machine, each with clients of its own, and hand nothing over. */
function placeOf({ place, instance }: Store): string | undefined {
  return 'url' in place ? placeTag(instance) : undefined;
}

/** Holds arguments to the input schema of their tool. */
export function argumentCheck(checker: ArgumentChecker): ArgumentCheck {
  return ({ pin, server, inputSchema }, args) => {
    const unknown = unknownArgumentsFor(server.unknownArguments, server.hasBundle);
    // Whoever found the tool before its server changed it is checked by what it found.
    return checker.knows(pin) ? checker.check(pin, args, unknown) : checker.checkOnce(inputSchema, args, unknown);
  };
}

/** What the phase of results is done with. */
export function resultHandling(checker: ArgumentChecker, { config }: Pick<AppOptions, 'config'>): ResultHandling {
  return {
    classifier: createClassifier(config.policies.dataClasses.flatMap(dataClassOf)),
    fitsOutput: outputCheck(checker),
  };
}

function approvalsOf(store: Store, options: AppOptions): Approvals {
  const { config, clock, logger, login } = options;
  const { hold: holdMs, timeout: timeoutMs } = config.approvals;
  const book = store.approvals;
  const confirmations = new Confirmations({
    book,
    act: (act, changes) => store.log.act(act, changes),
    newId: decisionIds(clock),
    keyedHash: (text) => store.keyedHash(text),
    clock,
    logger,
    holdMs,
  });
  const announce = approvalNotices(options);
  return { book, confirmations, timeoutMs, login, ...(announce !== undefined && { announce }) };
}

/** A pattern that cannot be used was refused with the configuration. */
function dataClassOf(entry: AppOptions['config']['policies']['dataClasses'][number]): readonly DataClass[] {
  if (entry.kind !== 'pattern') return [entry];
  const read = boundedPattern(entry.pattern);
  return read.kind === 'bounded' ? [{ ...entry, pattern: read.pattern }] : [];
}

/** Output schemas are compiled when a redacted result asks for one, which few do. */
function outputCheck(checker: ArgumentChecker): ResultHandling['fitsOutput'] {
  const prepared = new Map<string, Promise<unknown>>();
  return async (pin, schema, value) => {
    const key = `output of ${pin}`;
    if (!prepared.has(key)) {
      if (prepared.size >= MOST_OUTPUT_SCHEMAS) for (const known of prepared.keys()) checker.forget(known);
      if (prepared.size >= MOST_OUTPUT_SCHEMAS) prepared.clear();
      prepared.set(key, checker.prepare(key, schema));
    }
    await prepared.get(key);
    const rounded = toRoundedJson(value);
    if (!isJsonObject(rounded)) return false;
    const finding = await checker.check(key, rounded, 'allow');
    return finding.kind === 'valid';
  };
}

const MOST_OUTPUT_SCHEMAS = 200;

/** What policies read of the place that the gateway runs in. */
export function environmentOf({ config, timezone }: Pick<AppOptions, 'config' | 'timezone'>): Environment {
  const { name: gateway, environment } = config.gateway;
  const { region, is_production: isProduction, labels } = environment;
  return { gateway, region, isProduction, labels, timezone, weekdayAt: weekdays(timezone) };
}

/** Makes the court for a tool: what its schema marks as secret is kept out of the record. */
function courts(
  current: () => PolicySet,
  { store, bypass }: Pick<Standing, 'store' | 'bypass'>,
  { config, secrets, clock }: AppOptions,
): Governing['court'] {
  const { arguments: kept, redact, auditKey } = config.decisions;
  const keyedHash = (value: string): string => store.keyedHash(value);
  const masker = createMasker({ arguments: kept, redact, secrets, keyedHash });
  const audit = openVault(auditKey, (value) => masker.maskSecrets(value));
  const newId = decisionIds(clock);
  const labels = labelSettings(config);
  const masks = new WeakMap<JsonObject, Mask>();
  const maskWithout = (pointers: readonly string[]): Mask => ({
    maskInput: (input, ofPolicy) => masker.maskInput(input, pointers, ofPolicy),
    maskQuotes: (value, hidden) => masker.maskQuotes(value, hidden),
  });
  const plain = maskWithout([]);
  const maskFor = (inputSchema: JsonObject): Mask => {
    const known = masks.get(inputSchema);
    if (known !== undefined) return known;
    const mask = maskWithout(secretPointers(inputSchema));
    masks.set(inputSchema, mask);
    return mask;
  };
  return (inputSchema, policy = current()) => ({
    policy,
    clock,
    newId,
    audit,
    mask: inputSchema === undefined ? plain : maskFor(inputSchema),
    labels,
    bypass,
  });
}

/** How long labels stay, and with whom. */
export function labelSettings({ labels: { ttl: ttlMs, sticky } }: Pick<Config, 'labels'>): LabelSettings {
  return { ttlMs, isSticky: (label) => matchesAny(sticky, label) };
}
