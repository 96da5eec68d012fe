import { agentsIn } from './app-agents.ts';
import { serversUnder } from './app-directory.ts';
import type { AppOptions } from './app-options.ts';
import type { FoundServer } from './app-servers.ts';
import { type ArgumentChecker, unknownArgumentsFor } from './catalog/arguments.ts';
import { matchesAny } from './catalog/glob.ts';
import { secretPointers } from './catalog/secret-pointers.ts';
import type { JsonObject } from './core/json.ts';
import { type Environment, weekdays } from './gateway/build-input.ts';
import { Conversations } from './gateway/conversation.ts';
import { createDialogue } from './gateway/create-dialogue.ts';
import type { Directory } from './gateway/directory.ts';
import { Exposure } from './gateway/exposure.ts';
import type { GatewayParts } from './gateway/gateway.ts';
import type { Governing } from './gateway/governing.ts';
import { Instances } from './gateway/instances.ts';
import { PolicyInForce } from './gateway/policy-in-force.ts';
import type { Court, Mask } from './gateway/rule.ts';
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

/** Conversations and agents whose counts are in memory at one time, some kilobytes each; the store has all of them. */
const MOST_CONVERSATIONS = 2_000;

/** Hands every step of the request's way the part that does it. */
export function gatewayParts(standing: Standing, options: AppOptions): GatewayParts {
  const { store, checker, found, upstreams, signIns, directory } = standing;
  const { config, clock, logger } = options;
  const agents = agentsIn(config);
  const policy = new PolicyInForce(standing.policy, {
    directory,
    serversUnder: (next) => serversUnder(found, next),
  });
  const environment = environmentOf(options);
  const governing: Governing = {
    court: courts(() => policy.current, store, options),
    environment,
    conversations: new Conversations(clock, { store: store.conversations, logger, mostKept: MOST_CONVERSATIONS }),
    readLabels: (whose, now) => store.labelsOf(whose, now),
    log: store.log,
    clock,
    logger,
  };
  const instances = new Instances({ acquire: (server, holder) => upstreams.acquire(server, holder), logger });
  const dialogue = createDialogue({
    ...governing,
    send: (outgoing) => instances.send(outgoing),
    follow: (wish) => instances.follow(wish),
    keyedHash: (text) => store.keyedHash(text),
    expose: (server, uri) => directory.resources.expose(server, uri),
    namesServers: () => found.length > 1,
  });
  return {
    ...governing,
    policy,
    directory,
    exposure: new Exposure({ policy: () => policy.current, agents, environment, clock }),
    instances,
    dialogue,
    signIns,
    beginSignIn: (server, principal) => signIns.beginSignIn(server, principal),
    check: ({ pin, server, inputSchema }, args) => {
      const unknown = unknownArgumentsFor(server.unknownArguments, server.hasBundle);
      // Whoever found the tool before its server changed it is checked by what it found.
      return checker.knows(pin) ? checker.check(pin, args, unknown) : checker.checkOnce(inputSchema, args, unknown);
    },
    allowedMethods: config.gateway.methods.allow,
    agents,
    keyedId: (text) => store.keyedId(text),
    instructionsOf: (server) => upstreams.describe(server)?.instructions ?? '',
    endInstances: (session) => upstreams.endSession(session),
  };
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
  const { ttl: ttlMs, sticky } = config.labels;
  const labels = { ttlMs, isSticky: (label: string) => matchesAny(sticky, label) };
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
    labels,
  });
}
