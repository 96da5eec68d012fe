import { serversUnder } from './app-directory.ts';
import type { AppOptions } from './app-options.ts';
import type { FoundServer } from './app-servers.ts';
import { type ArgumentChecker, unknownArgumentsFor } from './catalog/arguments.ts';
import { secretPointers } from './catalog/secret-pointers.ts';
import type { JsonObject } from './core/json.ts';
import type { AgentReach } from './gateway/agent-reach.ts';
import { type Environment, weekdays } from './gateway/build-input.ts';
import { Confirmations } from './gateway/confirmations.ts';
import { Conversations } from './gateway/conversation.ts';
import { createDialogue } from './gateway/create-dialogue.ts';
import type { Directory } from './gateway/directory.ts';
import { Exposure } from './gateway/exposure.ts';
import type { AgentProfile, GatewayParts } from './gateway/gateway.ts';
import type { Governing } from './gateway/governing.ts';
import { Instances } from './gateway/instances.ts';
import { PolicyInForce } from './gateway/policy-in-force.ts';
import type { Court, Mask } from './gateway/rule.ts';
import type { Approvals } from './gateway/seek-approval.ts';
import type { PolicySet } from './policy/policy-set.ts';
import { decisionIds } from './state/decision-id.ts';
import { createMasker } from './state/masking.ts';
import type { Store } from './state/store.ts';
import type { SignIns } from './upstream/sign-ins.ts';
import type { Upstreams } from './upstream/upstreams.ts';

/** What a gateway stands on, up and running. */
export interface Standing {
  readonly store: Store;
  readonly checker: ArgumentChecker;
  readonly found: readonly FoundServer[];
  readonly upstreams: Upstreams;
  readonly signIns: SignIns;
  readonly policy: PolicySet;
  readonly directory: Directory;
}

/** Hands every step of the request's way the part that does it. */
export function gatewayParts(standing: Standing, options: AppOptions): GatewayParts {
  const { store, checker, found, upstreams, signIns, directory } = standing;
  const { config, clock, logger } = options;
  const settingsOf = agentSettings(config.agents);
  const policy = new PolicyInForce(standing.policy, {
    directory,
    serversUnder: (next) => serversUnder(found, next),
  });
  const environment = environmentOf(options);
  const reachOf = (agent: string): AgentReach | undefined => settingsOf(agent)?.reach;
  const governing: Governing = {
    court: courts(() => policy.current, store, options),
    environment,
    conversations: new Conversations(clock),
    log: store.log,
    clock,
    logger,
  };
  const instances = new Instances({ acquire: (server, holder) => upstreams.acquire(server, holder), logger });
  const dialogue = createDialogue({
    ...governing,
    send: (outgoing) => instances.send(outgoing),
    keyedHash: (text) => store.keyedHash(text),
    expose: (server, uri) => directory.resources.expose(server, uri),
    namesServers: () => found.length > 1,
  });
  return {
    ...governing,
    approvals: approvalsOf(store, options),
    policy,
    directory,
    exposure: new Exposure({ policy: () => policy.current, reachOf, environment, clock }),
    instances,
    dialogue,
    signIns,
    beginSignIn: (server, principal) => signIns.beginSignIn(server, principal),
    check: ({ pin, server }, args) =>
      checker.check(pin, args, unknownArgumentsFor(server.unknownArguments, server.hasBundle)),
    allowedMethods: config.gateway.methods.allow,
    profileOf: (agent) => settingsOf(agent)?.profile,
    instructionsOf: (server) => upstreams.describe(server)?.instructions ?? '',
    endInstances: (session) => upstreams.endSession(session),
  };
}

function approvalsOf(store: Store, { config, clock, logger, login }: AppOptions): Approvals {
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
  return { book, confirmations, timeoutMs, login };
}

interface AgentSettings {
  readonly profile: AgentProfile;
  readonly reach: AgentReach;
}

function agentSettings(agents: AppOptions['config']['agents']): (agent: string) => AgentSettings | undefined {
  const settings = Object.entries(agents).map(([id, { scope, owner_team, model, servers, tools }]) => {
    return [id, { profile: { scope, owner_team, model }, reach: { servers, tools } }] as const;
  });
  const byId = new Map<string, AgentSettings>(settings);
  return (agent) => byId.get(agent);
}

function environmentOf({ config, timezone }: AppOptions): Environment {
  const { name: gateway, environment } = config.gateway;
  const { region, is_production: isProduction, labels } = environment;
  return { gateway, region, isProduction, labels, timezone, weekdayAt: weekdays(timezone) };
}

/** Makes the court for a tool: what its schema marks as secret is kept out of the record. */
function courts(
  policy: () => PolicySet,
  store: Store,
  { config, secrets, clock }: AppOptions,
): (inputSchema?: JsonObject) => Court {
  const { arguments: kept, redact } = config.decisions;
  const keyedHash = (value: string): string => store.keyedHash(value);
  const masker = createMasker({ arguments: kept, redact, secrets, keyedHash });
  const newId = decisionIds(clock);
  const masks = new WeakMap<JsonObject, Mask>();
  const maskWithout = (pointers: readonly string[]): Mask => ({
    maskInput: (input) => masker.maskInput(input, pointers),
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
  return (inputSchema) => ({
    policy: policy(),
    clock,
    newId,
    mask: inputSchema === undefined ? plain : maskFor(inputSchema),
  });
}
