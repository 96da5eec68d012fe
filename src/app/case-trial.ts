import { environmentOf } from './gateway.ts';
import type { Config } from '../config/paths.ts';
import type { CaseFile, DecisionCase, Given } from '../config/schema-cases.ts';
import type { JsonObject } from '../core/json.ts';
import { LABELS_META_KEY } from '../core/names.ts';
import { type Environment, weekdays } from '../gateway/build-input.ts';
import type { Caller } from '../gateway/port.ts';
import type { Circumstances, StatedFacts } from '../gateway/trial-ports.ts';
import type { Trial } from '../gateway/trial.ts';

/** The principals of a file as a door would know them, by the names that the file gives them. */
export function callersOf({ principals }: CaseFile, { gateway }: Config): ReadonlyMap<string, Caller> {
  const { user: configured } = gateway.principal;
  return new Map(
    Object.entries(principals).map(([name, principal]): [string, Caller] => {
      const { agent: id, user, groups, data_classes, parent = [], scope, owner_team, model, client } = principal;
      const isConfigured = user === undefined;
      return [
        name,
        {
          session: 'tried',
          principal: {
            agent: { id, scope, owner_team, model, client: { name: client, version: '' }, delegated_by: parent },
            user: {
              id: user ?? configured.id ?? '',
              groups: groups ?? (isConfigured ? configured.groups : []),
              data_classifications_authorized: data_classes ?? (isConfigured ? configured.data_classes : []),
            },
          },
          client: { name: client, version: '', protocol: '2025-11-25' },
          era: 'session',
          capabilities: {},
        },
      ];
    }),
  );
}

export type Surroundings = Pick<Trial, 'environment' | 'circumstances' | 'meta' | 'answer'>;

/** Answers what holds around a call: what its case says, over what its file says, over what is configured. */
export function surroundingsIn(file: CaseFile, config: Config): (one: Partial<DecisionCase>) => Surroundings {
  const environments = new Map<string, Environment>();
  const environmentFor = (given: Given['environment']): Environment => {
    const settings = { ...file.environment, ...given };
    const key = JSON.stringify(settings);
    const known = environments.get(key) ?? environmentWith(settings, config);
    environments.set(key, known);
    return known;
  };
  return (one) => ({
    environment: environmentFor(one.environment),
    circumstances: circumstancesOf(one, file),
    meta: { ...file.claims, ...one.claims } as JsonObject,
    answer: answerOf(one.result),
  });
}

/** The time zone of this machine must not decide what weekday a case is on. */
function environmentWith(settings: NonNullable<Given['environment']>, config: Config): Environment {
  const timezone = settings.timezone ?? 'UTC';
  const configured = environmentOf({ config, timezone });
  return {
    gateway: configured.gateway,
    region: settings.region ?? configured.region,
    isProduction: settings.is_production ?? configured.isProduction,
    labels: { ...configured.labels, ...settings.labels },
    timezone,
    weekdayAt: weekdays(timezone),
  };
}

function circumstancesOf(one: Given, file: CaseFile): Circumstances {
  const labels = one.labels ?? file.labels ?? [];
  const approvals = one.approvals ?? file.approvals ?? [];
  const { agent, ...own } = { ...file.context, ...one.context };
  const ofAgent = { ...file.context?.agent, ...agent };
  return {
    nowMs: one.time ?? file.time,
    context: { ...own, agent: ofAgent } as StatedFacts,
    labels: labels.map(({ label, source, age: ageMs }) => ({ label, source, ageMs })),
    budgets: { ...file.budgets, ...one.budgets },
    approvals: approvals.map(({ by, people, verdict }) => ({
      by,
      people: people.length > 0 ? people : [by === 'user' ? 'the user' : `a member of ${by}`],
      verdict,
    })),
  };
}

/** A result as a server would write it; a short one where the case says nothing of it. */
function answerOf(result: DecisionCase['result']): JsonObject {
  if (result === undefined) return { content: [] };
  const { text, structured, isError, labels } = result;
  const said = text ?? (structured === undefined ? '' : JSON.stringify(structured));
  return {
    content: [{ type: 'text', text: said }],
    ...(structured === undefined ? {} : { structuredContent: structured }),
    ...(isError ? { isError } : {}),
    ...(labels.length === 0 ? {} : { _meta: { [LABELS_META_KEY]: [...labels] } }),
  };
}
