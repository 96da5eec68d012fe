import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { BundleInspection } from '../core/rego.ts';
import { ACTION_PHASES, type ActionType } from '../core/action.ts';
import type { Bundle } from '../policy/bundle.ts';
import type { RuleBook } from '../policy/rule-book.ts';
import { governs } from '../policy/scope.ts';
import { describeWindow } from '../policy/windows.ts';

/** What is in a bundle, for people and for programs. */
export interface BundleFacts {
  readonly layer: Bundle['layer'];
  readonly root: string;
  readonly revision: string;
  readonly digest: string;
  /** The server it is written for; null where its manifest names none. */
  readonly server: { readonly package: string; readonly versions: string } | null;
  readonly governs: readonly ActionType[];
  /** What the decision as a whole depends on. */
  readonly inputs: readonly string[];
  readonly dataReads: readonly string[];
  /** Built-ins that the gateway itself supplies. */
  readonly builtins: readonly string[];
  readonly usesTime: boolean;
  readonly rules: readonly RuleFacts[];
  readonly counters: readonly CounterFacts[];
  readonly tools: readonly ToolFacts[];
  readonly settings: readonly SettingFacts[];
}

export interface RuleFacts {
  readonly id: string;
  readonly ruleSets: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly remediation: string;
  readonly retry: string;
  readonly alternatives: readonly string[];
  readonly owner: string;
  readonly control: string;
  readonly liftable: boolean;
  readonly reads: readonly string[];
  readonly dataReads: readonly string[];
  readonly file: string;
  readonly row: number;
}

export interface CounterFacts {
  readonly name: string;
  readonly unit: string;
  /** A number, or the place in the data that has it with its value there. */
  readonly limit: string;
  readonly window: string;
  readonly key: readonly string[];
  readonly isShared: boolean;
}

export interface ToolFacts {
  readonly name: string;
  /** Empty where the manifest says nothing. */
  readonly effect: string;
  readonly dataClasses: readonly string[];
}

/** What an admin may set below `data.<root>.config`. */
export interface SettingFacts {
  readonly name: string;
  readonly type: string;
  /** As JSON text; empty where the bundle has no default. */
  readonly value: string;
  readonly description: string;
}

export function bundleFacts(bundle: Bundle, inspection: BundleInspection, rules: RuleBook): BundleFacts {
  const { layer, root, digest, manifest, data } = bundle;
  const { server, governs: declared, counters, tools, config } = manifest.metadata.gateway;
  const { inputs, dataReads, requiresBuiltins: builtins, usesTime } = inspection.entrypoint;
  const types = Object.keys(ACTION_PHASES).filter((type): type is ActionType => Object.hasOwn(ACTION_PHASES, type));
  const own = data[root];
  const settings = isJsonObject(own) ? own['config'] : undefined;
  return {
    layer,
    root,
    revision: manifest.revision,
    digest,
    server: server === undefined ? null : { package: server.package, versions: server.versions ?? '' },
    governs: types.filter((type) => !type.endsWith('_list') && governs(layer, declared, type)),
    inputs,
    dataReads,
    builtins,
    usesTime,
    rules: ruleFacts(inspection, rules),
    counters: counters.map(({ name, unit, limit, window, key, shared }) => ({
      name,
      unit,
      limit: typeof limit === 'number' ? String(limit) : `${limit.from} (${valueAt(data, limit.from)})`,
      window: describeWindow(window),
      key,
      isShared: shared,
    })),
    tools: Object.entries(tools).map(([name, { effect, data_classes }]) => ({
      name,
      effect: effect ?? '',
      dataClasses: data_classes,
    })),
    settings: settingsOf(config ?? {}, isJsonObject(settings) ? settings : {}, ''),
  };
}

function ruleFacts({ rules: written, ids }: BundleInspection, rules: RuleBook): readonly RuleFacts[] {
  return [...rules.values()].map((rule) => {
    const emitting = written.filter(({ ruleSet, ids: own }) => ruleSet !== '' && own.includes(rule.id));
    const { id, title, description, remediation, retry, alternatives, owner, control, liftable, reads, file, row } =
      rule;
    const ruleSets = [...new Set(emitting.map(({ ruleSet }) => ruleSet))];
    const dataReads = ids[id]?.dataReads ?? [];
    return {
      id,
      ruleSets,
      title,
      description,
      remediation,
      retry,
      alternatives,
      owner,
      control,
      liftable,
      reads,
      dataReads,
      file,
      row,
    };
  });
}

function valueAt(data: JsonObject, path: string): string {
  const value = path
    .split('.')
    .slice(1)
    .reduce<Json | undefined>((at, name) => (isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined), data);
  return value === undefined ? 'not set' : JSON.stringify(value);
}

/** The members that the schema names, those of closed objects inside of it included. */
function settingsOf(schema: JsonObject, values: JsonObject, below: string): readonly SettingFacts[] {
  const { properties } = schema;
  if (!isJsonObject(properties)) return [];
  return Object.entries(properties).flatMap(([name, member]): readonly SettingFacts[] => {
    if (!isJsonObject(member)) return [];
    const value = Object.hasOwn(values, name) ? values[name] : member['default'];
    const path = `${below}${name}`;
    const inner = isJsonObject(member['properties'])
      ? settingsOf(member, isJsonObject(value) ? value : {}, `${path}.`)
      : [];
    if (inner.length > 0) return inner;
    const { description } = member;
    return [
      {
        name: path,
        type: typeOf(member),
        value: value === undefined ? '' : JSON.stringify(value),
        description: typeof description === 'string' ? description : '',
      },
    ];
  });
}

function typeOf(schema: JsonObject): string {
  const { type, enum: values, items, additionalProperties } = schema;
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' or ');
  if (type === 'array' && isJsonObject(items)) return `list of ${typeOf(items)}`;
  if (type === 'object' && isJsonObject(additionalProperties)) return `object of ${typeOf(additionalProperties)}`;
  return typeof type === 'string' ? type : 'any';
}
