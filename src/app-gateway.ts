import type { AppOptions } from './app-options.ts';
import { type ArgumentChecker, unknownArgumentsFor } from './catalog/arguments.ts';
import { secretPointers } from './catalog/secret-pointers.ts';
import { type Environment, weekdays } from './gateway/build-input.ts';
import type { ToolCall } from './gateway/call-tool.ts';
import { Conversations } from './gateway/conversation.ts';
import { Exposure } from './gateway/exposure.ts';
import type { AgentProfile, GatewayParts } from './gateway/gateway.ts';
import type { AgentReach } from './gateway/agent-reach.ts';
import type { Court, Mask } from './gateway/rule.ts';
import type { Toolbox } from './gateway/toolbox.ts';
import type { ToolRoute } from './gateway/tool-route.ts';
import { toolSteps } from './gateway/tool-steps.ts';
import type { JsonObject } from './core/json.ts';
import type { RpcAnswer } from './core/rpc.ts';
import type { PolicySet } from './policy/policy-set.ts';
import { decisionIds } from './state/decision-id.ts';
import { createMasker } from './state/masking.ts';
import type { Store } from './state/store.ts';
import type { Upstreams } from './upstream/upstreams.ts';

/** What a gateway stands on, up and running. */
export interface Standing {
  readonly store: Store;
  readonly checker: ArgumentChecker;
  readonly upstreams: Upstreams;
  readonly policy: PolicySet;
  readonly toolbox: Toolbox;
}

/** Hands every step of the request's way the part that does it. */
export function gatewayParts(standing: Standing, options: AppOptions): GatewayParts {
  const { store, checker, upstreams, policy, toolbox } = standing;
  const { config, clock, logger } = options;
  const settingsOf = agentSettings(config.agents);
  const conversations = new Conversations(clock);
  const environment = environmentOf(options);
  const exposure = new Exposure({
    routes: () => toolbox.routes,
    policy: () => policy,
    reachOf: (agent) => settingsOf(agent)?.reach,
    environment,
    clock,
  });
  const court = courts(standing, options);
  return {
    toolbox,
    conversations,
    lists: { exposure, court: () => court(undefined), append: (record) => store.log.append(record) },
    calls: toolSteps({
      exposure,
      check: ({ pin, server }, args) =>
        checker.check(pin, args, unknownArgumentsFor(server.unknownArguments, server.hasBundle)),
      court,
      conversations,
      environment,
      log: store.log,
      send: (call, route, params) => send(upstreams, call, { route, params }),
      clock,
      logger,
    }),
    profileOf: (agent) => settingsOf(agent)?.profile,
    instructions: () => instructionsOf(upstreams),
    endInstances: (session) => upstreams.endSession(session),
  };
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
function courts({ store, policy }: Standing, { config, secrets, clock }: AppOptions): (route?: ToolRoute) => Court {
  const { arguments: kept, redact } = config.decisions;
  const keyedHash = (value: string): string => store.keyedHash(value);
  const masker = createMasker({ arguments: kept, redact, secrets, keyedHash });
  const newId = decisionIds(clock);
  const masks = new WeakMap<ToolRoute, Mask>();
  const maskFor = (route: ToolRoute | undefined): Mask => {
    const known = route === undefined ? undefined : masks.get(route);
    if (known !== undefined) return known;
    const pointers = route === undefined ? [] : secretPointers(route.inputSchema);
    const mask: Mask = {
      maskInput: (input) => masker.maskInput(input, pointers),
      maskQuotes: (value, hidden) => masker.maskQuotes(value, hidden),
    };
    if (route !== undefined) masks.set(route, mask);
    return mask;
  };
  return (route) => ({ policy, clock, newId, mask: maskFor(route) });
}

interface Sending {
  readonly route: ToolRoute;
  readonly params: JsonObject;
}

async function send(upstreams: Upstreams, call: ToolCall, { route, params }: Sending): Promise<RpcAnswer> {
  const { session, principal } = call.caller;
  const upstream = upstreams.acquire(route.server.id, { session, principalId: principal.user.id });
  const { signal, onProgress } = call.exchange;
  return upstream.callTool(params, { signal, onProgress });
}

/** What the servers say of themselves, each under its id. */
function instructionsOf(upstreams: Upstreams): string {
  return upstreams
    .status()
    .flatMap(({ server, state }) =>
      state.kind === 'ready' && state.facts.instructions !== '' ? [`${server}: ${state.facts.instructions}`] : [],
    )
    .join('\n\n');
}
