import type { Decision } from '../../src/core/decision.ts';
import type { ServerId } from '../../src/core/names.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { Environment } from '../../src/gateway/build-input.ts';
import { createClassifier } from '../../src/gateway/data-classes.ts';
import type { ResultHandling } from '../../src/gateway/governing.ts';
import type { GovernedServer } from '../../src/gateway/governed-server.ts';
import type { LabelSettings } from '../../src/gateway/labels.ts';
import type { Caller, Exchange } from '../../src/gateway/port.ts';
import { SILENT_EXCHANGE } from '../../src/gateway/silent-exchange.ts';
import type { Ruling } from '../../src/gateway/rule.ts';
import type { ToolRoute } from '../../src/gateway/tool-route.ts';
import { NO_OBLIGATIONS } from '../../src/policy/obligations.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { aRecord } from '../state/records.ts';

/** 2026-03-02T12:00:00Z, a Monday. */
export const NOW = Date.UTC(2026, 2, 2, 12);

export function aCaller(agent = 'assistant'): Caller {
  return {
    session: 'session-1',
    principal: {
      agent: { ...TOTAL_INPUT.agent, id: agent },
      user: { id: 'ana', groups: ['engineering'], data_classifications_authorized: [] },
    },
    client: { name: 'test', version: '1', protocol: '2025-11-25' },
    era: 'session',
    capabilities: {},
  };
}

export function anExchange(part: Partial<Exchange> = {}): Exchange {
  return { ...SILENT_EXCHANGE, signal: new AbortController().signal, ...part };
}

export function aGovernedServer(name = 'files', part: Partial<GovernedServer> = {}): GovernedServer {
  const id = name as ServerId;
  return {
    id,
    facts: { id, package: '', version: '', region: '', trust: '' },
    hasBundle: false,
    effects: {},
    dataClasses: {},
    argumentClasses: {},
    unknownArguments: undefined,
    allow: { sampling: false, elicitation: false, roots: false },
    ...part,
  };
}

export function aRoute(tool = 'read', part: Partial<ToolRoute> = {}): ToolRoute {
  return {
    server: aGovernedServer(),
    listed: 'tool_list',
    tool,
    about: undefined,
    definition: { name: tool, inputSchema: { type: 'object' } },
    facts: { tool, annotations: {}, effect: 'read', consent: 'new', dataClasses: [] },
    inputSchema: { type: 'object' },
    hasOutputSchema: false,
    headerParams: [],
    pin: `files/${tool}@1`,
    ...part,
  };
}

export function aDecision(part: Partial<Decision> = {}): Decision {
  return {
    effect: 'allow',
    reasons: [],
    reason_internal: '',
    denials: [],
    warnings: [],
    matched_rules: [],
    lifted: [],
    obligations: NO_OBLIGATIONS,
    hidden: false,
    ...part,
  };
}

export function aDenial(reason = 'protected_branch', rule = 'code-host/GH-201'): Decision {
  return aDecision({
    effect: 'deny',
    reasons: [reason],
    denials: [{ reason, rule, params: {} }],
    matched_rules: [rule],
  });
}

export function aRuling(decision: Decision = aDecision()): Ruling {
  const { effect, reasons, reason_internal, matched_rules, lifted, obligations } = decision;
  const { principal, client, session } = aCaller();
  const decided = { effect, reasons, reason_internal, matched_rules, lifted, obligations };
  return {
    meet: () => aRuling(decision),
    decision,
    inputText: '{}',
    ruleText: () => undefined,
    charges: [],
    changes: [],
    record: aRecord({ ...decided, principal, client, session, server: 'files', tool: 'read' }),
  };
}

/** An hour, and nothing stays with the agent. */
export const LABELS: LabelSettings = { ttlMs: 3_600_000, isSticky: () => false };
/** The phase of results, without anything that is configured. */
export const RESULTS: ResultHandling = {
  classifier: createClassifier([]),
  fitsOutput: async () => true,
};

export const ENVIRONMENT: Environment = {
  gateway: 'test',
  region: 'eu-central-1',
  isProduction: false,
  labels: {},
  timezone: 'UTC',
  weekdayAt: () => 'monday',
};

/** Every place in an input where a value is null or absent. */
export function holesIn(value: unknown, path = ''): readonly string[] {
  if (value === null || value === undefined) return [path];
  if (typeof value !== 'object') return [];
  return Object.entries(value as PolicyInput).flatMap(([key, member]) => holesIn(member, `${path}/${key}`));
}
