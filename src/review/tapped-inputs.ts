import * as z from 'zod';
import type { BundleInspection, RegoTest } from '../core/rego.ts';

/** One occasion on which a test looked at the policy: what the input, the data and the clock were then. */
export interface TappedInput {
  readonly input: unknown;
  /** Nanoseconds since the epoch, as text; empty where the bundle does not look at the clock. */
  readonly timeNs: string;
  /** What the policy reads of the data, by path: a test can have replaced it. Absent is what is not there. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The tests that looked, by their full names. */
  readonly tests: readonly string[];
}

/** File of the rules that listen. No file of a bundle is called so: a blank is not allowed in their names. */
export const TAP_FILE = 'listening rules.rego';
const MARK = 'mcp-gateway listens';

/**
 * Rules that stand beside those of a bundle and never come true: when a test asks for a rule, the one that listens prints
 * what it is asked with. OPA's compiler takes `print` out of everything but tests, so they depend on nothing.
 */
export function tapModule(root: string, { rules, entrypoint }: BundleInspection): string {
  const asked = rules.flatMap(({ path, kind, inputs }) => {
    const name = path.slice(root.length + 1);
    const isOfRoot = path === `${root}.${name}` && /^[A-Za-z_]\w*$/.test(name);
    if (!isOfRoot || (kind !== 'set' && (kind !== 'value' || inputs.length === 0))) return [];
    return [`${name} ${kind === 'set' ? 'contains' : ':='} asked`];
  });
  const read = entrypoint.dataReads.filter((path) => path.startsWith(`${root}.`));
  // What is undefined is an empty list, so that the rest is printed all the same.
  const data = read.map((path) => `${JSON.stringify(path)}: [value | value := data.${path}]`).join(', ');
  const shown = `{"input": [value | value := input], "time": [sprintf("%d", [time.now_ns()])], "data": {${data}}}`;
  const body = `if {\n\tprint(${JSON.stringify(MARK)}, json.marshal(${shown}))\n\tasked := input.server\n\tfalse\n}`;
  return `package ${root}\n\n${[...new Set(asked)].map((head) => `${head} ${body}`).join('\n\n')}\n`;
}

const Perhaps = z.array(z.unknown()).max(1);
const Tapped = z.object({ input: Perhaps, time: z.array(z.string()), data: z.record(z.string(), Perhaps) });

const NOTHING_ASKED: z.output<typeof Tapped> = { input: [], time: [], data: {} };

/** What a rule that listens has printed. A test may print lines that only begin like it. */
function tappedIn(line: string): z.output<typeof Tapped> | undefined {
  if (!line.startsWith(MARK)) return undefined;
  try {
    return Tapped.parse(JSON.parse(line.slice(MARK.length)));
  } catch {
    return undefined;
  }
}

/** What the tests looked at, each once. A test that gives no input looked at nothing. */
export function tappedInputs(tests: readonly RegoTest[], { entrypoint }: BundleInspection): readonly TappedInput[] {
  const found = new Map<string, { readonly tapped: Omit<TappedInput, 'tests'>; readonly tests: Set<string> }>();
  for (const { package: name, name: test, output } of tests) {
    for (const line of output.split('\n')) {
      const { input, time, data } = tappedIn(line) ?? NOTHING_ASKED;
      if (input.length === 0) continue;
      const there = Object.entries(data).flatMap(([path, value]) =>
        value.length === 0 ? [] : [[path, value[0]] as const],
      );
      const timeNs = entrypoint.usesTime ? (time[0] ?? '') : '';
      const tapped = { input: input[0], timeNs, data: Object.fromEntries(there) };
      const key = JSON.stringify(tapped);
      const kept = found.get(key) ?? { tapped, tests: new Set() };
      kept.tests.add(`${name}.${test}`);
      found.set(key, kept);
    }
  }
  return [...found.values()].map(({ tapped, tests: by }) => ({ ...tapped, tests: [...by] }));
}
