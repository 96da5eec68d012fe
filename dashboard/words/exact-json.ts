/** What the reviver is told of a value in newer engines (ECMAScript, “JSON.parse source text access”). */
interface Source {
  readonly source?: string;
}

/** Types of TypeScript do not know these yet. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context?: Source) => unknown): unknown;
  rawJSON?: (text: string) => unknown;
}

/**
 * Parses JSON without losing a digit: a number that JavaScript would round is kept as it was written, and written out
 * again as it was. `undefined` where the text is no JSON. Somebody who approves a call must see the number that is in it.
 */
export function parseExact(text: string): unknown {
  const json: ExactJson = JSON;
  try {
    return json.parse(text, (_key, value, context) => {
      if (typeof value !== 'number' || context?.source === undefined || String(value) === context.source) return value;
      return json.rawJSON?.(context.source) ?? value;
    });
  } catch {
    return undefined;
  }
}
