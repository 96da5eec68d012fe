import { isJsonObject } from './json.ts';

/** Which count of a counter: the store keeps it as text, `budget ls` reads it back. */
export interface CounterBucket {
  /** `<bundle>/<name>`. */
  readonly counter: string;
  /** Facts of the gateway's own with their values, such as `agent.id`. */
  readonly key: Readonly<Record<string, string>>;
  readonly unit: string;
  readonly version: number;
  /** In words, such as `calendar week, Europe/Berlin, from monday`. */
  readonly window: string;
}

/** Whatever makes another count of it stands in the text; a limit does not, so that it can change in mid-window. */
export function writeBucket({ counter, key, unit, version, window }: CounterBucket): string {
  return JSON.stringify({ counter, key, unit, version, window });
}

/** A counter's bucket, or that of a rate limit, which is a list: its bundle, its text, the values of its key. */
export function readBucket(text: string): CounterBucket {
  const value: unknown = JSON.parse(text);
  if (Array.isArray(value)) return rateLimitOf(value.map(textOf));
  const { counter, key, unit, version, window } = isJsonObject(value) ? value : {};
  const values = isJsonObject(key) ? Object.entries(key) : [];
  return {
    counter: textOf(counter),
    key: Object.fromEntries(values.map(([fact, one]) => [fact, textOf(one)])),
    unit: textOf(unit),
    version: Number(version),
    window: textOf(window),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function rateLimitOf([bundle = '', limit = '', ...values]: readonly string[]): CounterBucket {
  const slash = limit.lastIndexOf('/');
  const facts = limit.slice(0, slash).split(',');
  const key = Object.fromEntries(facts.map((fact, index) => [fact, values[index] ?? '']));
  const window = `fixed ${limit.slice(slash + 1)}`;
  return { counter: `${bundle}/${limit}`, key, unit: 'calls', version: 1, window };
}
