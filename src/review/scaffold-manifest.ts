import type { JsonObject } from '../core/json.ts';
import type { Scaffold, ScaffoldFacts } from './scaffold.ts';

/** `.manifest` of a first bundle: what it governs, what each tool does, and what an admin may set. */
export function scaffoldManifest({ facts, root, groups }: Scaffold): string {
  const declared = groups.flatMap(({ effect, tools }) =>
    tools.map(({ name }) => [name, effect === 'unknown' ? {} : { effect }] as const),
  );
  return inLines({
    revision: '0.1.0',
    roots: [root],
    metadata: {
      gateway: {
        contract: 1,
        layer: 'server',
        ...(facts.package === '' ? {} : { server: serverOf(facts) }),
        tools: Object.fromEntries(declared),
        config: configSchema(settingsOf(groups)),
      },
    },
  });
}

/** `data.json` of a first bundle: the defaults of its settings. */
export function scaffoldSettings({ root, groups }: Scaffold): string {
  const settings = settingsOf(groups).map(({ name, value }) => [name, value] as const);
  return inLines({ [root]: { config: Object.fromEntries(settings) } });
}

interface Setting {
  readonly name: string;
  readonly value: string | readonly string[];
  readonly schema: JsonObject;
}

const CHOICES = ['allow', 'ask', 'deny'];

function settingsOf(groups: Scaffold['groups']): readonly Setting[] {
  const has = (...effects: readonly string[]): boolean => groups.some(({ effect }) => effects.includes(effect));
  const switchedOff: Setting = {
    name: 'switched_off',
    value: [],
    schema: {
      description: 'Tools that nobody may use, by their names.',
      type: 'array',
      items: { type: 'string', minLength: 1 },
    },
  };
  return [
    switchedOff,
    ...(has('write') ? [choice('writes', 'What happens when a tool changes something.')] : []),
    ...(has('destroy', 'unknown') ? [choice('destroys', 'What happens when a tool may destroy something.')] : []),
  ];
}

function choice(name: string, description: string): Setting {
  return { name, value: 'ask', schema: { description, enum: CHOICES } };
}

function configSchema(settings: readonly Setting[]): JsonObject {
  return {
    type: 'object',
    additionalProperties: false,
    required: settings.map(({ name }) => name),
    properties: Object.fromEntries(settings.map(({ name, schema }) => [name, schema])),
  };
}

function serverOf({ package: name, version }: ScaffoldFacts): JsonObject {
  const versions = rangeOf(version);
  return versions === '' ? { package: name } : { package: name, versions };
}

/** From this version to the next one that may break: `1.2.3` gives `>=1.2.3 <2.0.0`, `0.4.1` gives `>=0.4.1 <0.5.0`. */
function rangeOf(version: string): string {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return '';
  const next = major === '0' ? `0.${Number(minor) + 1}.0` : `${Number(major) + 1}.0.0`;
  return `>=${major}.${minor}.${patch} <${next}`;
}

/** An object or list of one thing stands on one line. */
function inLines(value: JsonObject): string {
  return `${JSON.stringify(value, null, 2).replaceAll(/([{[])\n\s+("[^\n]*")\n\s+([}\]])/g, '$1 $2 $3')}\n`;
}
