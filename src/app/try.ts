import { wantedBundles } from './wanted.ts';
import { readLibrary, rememberedValidation } from './bundles.ts';
import type { LookedAt, LookedTool } from './look.ts';
import { loadPolicies, SHIPPED_ANSWERS } from './policies.ts';
import { governedServer } from './servers.ts';
import { type PinReader, pinReader, type ServerPins } from '../catalog/pins.ts';
import type { Config } from '../config/paths.ts';
import type { Clock } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { LAYERS } from '../core/opinion.ts';
import type { ActionType } from '../core/action.ts';
import type { DecisionRecord, OwnDenial } from '../core/record.ts';
import { buildInput, weekdays } from '../gateway/build-input.ts';
import type { Caller } from '../gateway/port.ts';
import { NOTHING_RECALLED } from '../gateway/recall.ts';
import { type Court, rule } from '../gateway/rule.ts';
import { routeToTool, type ToolRoute } from '../gateway/tool-route.ts';
import type { CatalogItem } from '../catalog/catalog.ts';
import type { ExposedName } from '../core/names.ts';
import { Toolchain } from '../rego/toolchain.ts';

export interface TryOptions {
  readonly config: Config;
  readonly cache: string;
  /** What counts as accepted; undefined where nothing is. */
  readonly pins: ServerPins | undefined;
  /** The user in whose name it is asked. */
  readonly user: string;
  readonly timezone: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What policy says of a call of a tool without arguments; what a call is given may change the answer. */
export interface TriedTool {
  readonly tool: string;
  /** Whether it is listed. */
  readonly isListed: boolean;
  readonly effect: DecisionRecord['effect'];
  readonly reasons: readonly string[];
  /** Full names. */
  readonly rules: readonly string[];
}

/** Asks the policies of a configuration about every tool of a server. Nothing is called, recorded or counted. */
export async function tryTools({ found, tools }: LookedAt, options: TryOptions): Promise<readonly TriedTool[]> {
  const { config, cache, clock, logger, pins } = options;
  const { layers, evaluationFuel, engine } = config.policies;
  const toolchain = new Toolchain({ cacheFolder: cache, shippedFolder: SHIPPED_ANSWERS });
  try {
    const loader = { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) };
    const required = LAYERS.filter((layer) => layers[layer].required);
    const policy = await loadPolicies(wantedBundles(config, [found]), {
      loader,
      required,
      evaluationFuel,
      engine,
      clock,
      logger,
    });
    const governed = governedServer(found, policy);
    const server = { ...governed, pins, facts: { ...governed.facts, pinned: pins !== undefined } };
    const stateOf: PinReader = pinReader(
      pins,
      tools.map(({ name }) => name),
    );
    const court: Court = {
      policy,
      clock,
      newId: () => '',
      mask: { maskInput: (input) => ({ input, masked: [], hidden: new Set() }), maskQuotes: (value) => value },
      labels: { ttlMs: config.labels.ttl, isSticky: () => false },
    };
    return tools.map((tool) => tryTool(routeToTool(itemOf(tool, found.id), server, stateOf), court, options));
  } finally {
    await toolchain.close();
  }
}

function itemOf({ name, definition }: LookedTool, server: CatalogItem['server']): CatalogItem {
  return { exposedName: name as ExposedName, server, name, definition };
}

function tryTool(route: ToolRoute, court: Court, options: TryOptions): TriedTool {
  const { drift, tool } = route;
  const quarantine: readonly OwnDenial[] =
    drift?.kind === 'quarantined'
      ? [{ reason: 'gateway.tool_quarantined', internal: `drift.${drift.why}`, rules: [], params: {} }]
      : [];
  const listed = ask(route, 'tool_list', { court, own: [], options });
  const { effect, reasons, matched_rules: rules } = ask(route, 'tool_call', { court, own: quarantine, options });
  return { tool, isListed: listed.effect === 'allow', effect, reasons, rules };
}

interface Asking {
  readonly court: Court;
  readonly own: readonly OwnDenial[];
  readonly options: TryOptions;
}

function ask(route: ToolRoute, action: ActionType, { court, own, options }: Asking): DecisionRecord {
  const { server, facts, tool, about } = route;
  const { config, timezone, clock } = options;
  const caller = callerOf(options);
  const { name: gateway, environment } = config.gateway;
  const { region, is_production: isProduction, labels } = environment;
  const call = { args: NOTHING, schemaChecked: true, hash: '', recalled: NOTHING_RECALLED, meta: NOTHING };
  const input = buildInput({
    action,
    principal: caller.principal,
    server: server.facts,
    tool: facts,
    about,
    ...(action === 'tool_call' && { call }),
    environment: { gateway, region, isProduction, labels, timezone, weekdayAt: weekdays(timezone) },
    now: clock.now(),
  });
  return rule({ caller, action, server: server.id, tool, own, input, dropped: [], traceId: '' }, court).record;
}

const NOTHING: JsonObject = {};

function callerOf({ config, user }: TryOptions): Caller {
  const { agent, user: configured } = config.gateway.principal;
  const { id = '', scope, owner_team, model } = agent;
  const client = { name: 'mcp-gateway', version: '' };
  return {
    session: '',
    principal: {
      agent: { id, scope, owner_team, model, client, delegated_by: [] },
      user: {
        id: configured.id ?? user,
        groups: configured.groups,
        data_classifications_authorized: configured.data_classes,
      },
    },
    client: { ...client, protocol: '' },
    era: 'session',
    capabilities: {},
  };
}
