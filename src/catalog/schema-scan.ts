import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { toRoundedJson } from '../core/lossless-json.ts';
import { isLinearPattern } from './linear-pattern.ts';
import { localTarget, subschemasOf, withoutTexts } from './schema-walk.ts';

/** What a look at a schema says before anything is compiled. */
export type SchemaScan =
  | { readonly kind: 'unfit'; readonly why: string }
  /** Compiling and validating take time in proportion to the schema and to the value: fit for the main thread. */
  | {
      readonly kind: 'plain';
      readonly schema: JsonObject;
      readonly dialects: readonly Dialect[];
      readonly size: number;
    }
  /** May take any time, so only where it can be stopped. */
  | { readonly kind: 'costly'; readonly schema: JsonObject; readonly dialects: readonly Dialect[] };

export type Dialect = 'draft-07' | '2020-12';

const MAX_BYTES = 64 * 1024;
const MAX_PLAIN_BYTES = 12 * 1024;
const MAX_DEPTH = 32;
/** Subschemas and listed values, references followed. */
const MAX_PLAIN_SIZE = 500;
const COSTLY_KEYWORDS = [
  'patternProperties',
  'uniqueItems',
  'unevaluatedProperties',
  'unevaluatedItems',
  '$dynamicRef',
  '$recursiveRef',
  '$anchor',
];

/**
 * Looks at a schema that a server or an author sent: whether it may be compiled at all (at most 64 KB and 32 deep, no
 * reference out of itself), and whether that needs a thread that can be ended.
 */
export function scanSchema(given: unknown): SchemaScan {
  if (!isJsonObject(given)) return unfit('it is not a map');
  if (isDeeperThan(MAX_DEPTH, given)) return unfit(`it is nested more than ${MAX_DEPTH} deep`);
  const bare = withoutTexts(toRoundedJson(given));
  const { $schema, $id: _id, ...rest } = isJsonObject(bare) ? bare : {};
  const bytes = Buffer.byteLength(JSON.stringify(rest));
  if (bytes > MAX_BYTES) return unfit(`it has more than ${MAX_BYTES / 1024} KB`);
  const look = new Look(rest);
  look.visit(rest, []);
  if (look.fault !== '') return unfit(look.fault);
  const dialects = dialectsOf($schema);
  const isPlain = !look.isCostly && bytes <= MAX_PLAIN_BYTES && look.size <= MAX_PLAIN_SIZE;
  return isPlain
    ? { kind: 'plain', schema: rest, dialects, size: look.size }
    : { kind: 'costly', schema: rest, dialects };
}

function unfit(why: string): SchemaScan {
  return { kind: 'unfit', why };
}

/** MCP 2025-11-25 takes a schema that names no dialect as 2020-12; older servers wrote draft-07 without saying so. */
function dialectsOf($schema: Json | undefined): readonly Dialect[] {
  if (typeof $schema !== 'string') return ['2020-12', 'draft-07'];
  return /draft-0[3467]/.test($schema) ? ['draft-07'] : ['2020-12'];
}

function isDeeperThan(levels: number, value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const members: readonly Json[] = Array.isArray(value) ? value : Object.values(value);
  return levels === 0 || members.some((member) => isDeeperThan(levels - 1, member));
}

/** One pass that follows references, so that a small schema which unfolds into a huge one is seen as what it is. */
class Look {
  fault = '';
  isCostly = false;
  size = 0;
  readonly #root: JsonObject;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  visit(part: Json, followed: readonly string[]): void {
    this.size += 1;
    if (!isJsonObject(part) || this.fault !== '' || this.size > MAX_PLAIN_SIZE) return;
    if (part['$async'] !== undefined) this.fault = 'it is asynchronous';
    if (part['$id'] !== undefined) this.fault = 'it holds another document';
    if (COSTLY_KEYWORDS.some((keyword) => part[keyword] !== undefined && part[keyword] !== false)) this.isCostly = true;
    const { pattern, $ref } = part;
    const listed = part['enum'];
    if (typeof pattern === 'string' && !isLinearPattern(pattern)) this.isCostly = true;
    if (Array.isArray(listed)) this.size += listed.length;
    for (const child of subschemasOf(part)) this.visit(child.schema, followed);
    if (typeof $ref === 'string') this.#follow($ref, followed);
  }

  #follow(ref: string, followed: readonly string[]): void {
    if (!ref.startsWith('#')) {
      this.fault = 'it refers to another document';
      return;
    }
    const target = localTarget(this.#root, ref);
    // An anchor, or a reference into the void, which the compiler will tell apart; or a recursion.
    if (target === undefined || followed.includes(ref)) this.isCostly = true;
    else this.visit(target, [...followed, ref]);
  }
}
