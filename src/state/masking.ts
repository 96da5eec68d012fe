import { pointerOf, segmentsOf } from '../core/json-pointer.ts';
import { isJsonObject } from '../core/json.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import { holdsKey } from '../core/key-patterns.ts';

/**
 * How much of the arguments a record keeps. `redacted`: all but what is named or looks like a secret. `full`: all but
 * what an admin names and the secrets that the gateway itself knows. `hashed`: their shape, each value hashed.
 * `none`: nothing.
 */
export type KeptArguments = 'redacted' | 'full' | 'hashed' | 'none';

export interface MaskingOptions {
  readonly arguments: KeptArguments;
  /** JSON pointers into the arguments; `*` is any one segment. */
  readonly redact: readonly string[];
  /** Secrets that the gateway knows, such as the environment of its servers. */
  readonly secrets: readonly string[];
  /** Equal values give equal text. */
  readonly keyedHash: (value: string) => string;
}

export interface MaskedInput {
  /** The input itself where nothing was masked. */
  readonly input: PolicyInput;
  /** JSON pointers into the input, sorted: a rule that reads one of them, or below or above it, cannot be replayed. */
  readonly masked: readonly string[];
  /** The texts that were masked, for `maskQuotes`. */
  readonly hidden: ReadonlySet<string>;
}

export interface Masker {
  /**
   * `pointers`: what the tool's own schema marks as secret, in the form of `redact`; that is kept where arguments are
   * kept in full. `redact`: what policy wants masked in any case.
   */
  maskInput(input: PolicyInput, pointers: readonly string[], redact?: readonly string[]): MaskedInput;
  /** For what rules made of the input, such as `params` of their verdicts: texts that quote a hidden one are hashed. */
  maskQuotes<T>(value: T, hidden: ReadonlySet<string>): T;
  /** Any value, with keys and the secrets that the gateway knows hashed. */
  maskSecrets<T>(value: T): T;
}

/** Shorter texts are too common to be searched for. */
const SHORTEST_SECRET = 4;
/** From this length on a secret is found inside other text; a shorter one only where it stands alone. */
const SHORTEST_PART = 8;

export function createMasker(options: MaskingOptions): Masker {
  const knows = searchFor(options.secrets);
  const redact = options.redact.map(segmentsOf);
  const detects = options.arguments === 'redacted';
  const isSecret = (text: string): boolean => knows(text) || (detects && holdsKey(text));

  return {
    maskInput(input, pointers, ofPolicy = []) {
      const marks = new Marks(options.keyedHash);
      const ofSchema = detects ? pointers : [];
      const named = [...redact, ...[...ofPolicy, ...ofSchema].map(segmentsOf)];
      const masking = { marks, named, kept: options.arguments };
      const action = maskResult(maskArguments(input.action, masking), masking);
      const kept = action === input.action ? input : { ...input, action };
      const masked = holdsForeignSecret(kept, isSecret) ? maskForeignText(kept, marks, isSecret) : kept;
      return { input: masked, masked: marks.pointers(), hidden: marks.hidden };
    },
    maskSecrets<T>(value: T): T {
      const isKnown = (text: string): boolean => knows(text) || holdsKey(text);
      return maskLeaves(value, { marks: new Marks(options.keyedHash), isSecret: isKnown, path: [] }) as T;
    },
    maskQuotes<T>(value: T, hidden: ReadonlySet<string>): T {
      if (hidden.size === 0) return value;
      // Texts become texts, so the value keeps its type.
      return maskLeaves(value, {
        marks: new Marks(options.keyedHash),
        isSecret: searchFor([...hidden]),
        path: [],
      }) as T;
    },
  };
}

function searchFor(secrets: readonly string[]): (text: string) => boolean {
  const whole = new Set(secrets.filter((secret) => secret.length >= SHORTEST_SECRET));
  const parts = [...whole].filter((secret) => secret.length >= SHORTEST_PART);
  return (text) => whole.has(text) || parts.some((part) => text.includes(part));
}

/** Most inputs hold no secret; looking costs a fraction of masking. Reads the same members as `maskForeignText`. */
function holdsForeignSecret({ action, claims }: PolicyInput, isSecret: (text: string) => boolean): boolean {
  const { args, request, ref, resource, prompt, result } = action;
  const { text, structured } = result;
  return [args, request, ref, resource, prompt, text, structured, claims.model, claims.conversation_id].some((value) =>
    holdsSecret(value, isSecret),
  );
}

function holdsSecret(value: unknown, isSecret: (text: string) => boolean): boolean {
  if (typeof value === 'string' || typeof value === 'number') return isSecret(String(value));
  if (Array.isArray(value)) return value.some((item) => holdsSecret(item, isSecret));
  return isJsonObject(value) && Object.keys(value).some((name) => isSecret(name) || holdsSecret(value[name], isSecret));
}

/** Only what others wrote: the gateway's own facts hold no secret, and a hash in their place would be none of them. */
function maskForeignText(input: PolicyInput, marks: Marks, isSecret: (text: string) => boolean): PolicyInput {
  const { action, claims } = input;
  const mask = <T>(value: T, ...path: readonly string[]): T => maskLeaves(value, { marks, isSecret, path }) as T;
  return {
    ...input,
    action: {
      ...action,
      args: mask(action.args, 'action', 'args'),
      request: mask(action.request, 'action', 'request'),
      ref: mask(action.ref, 'action', 'ref'),
      resource: mask(action.resource, 'action', 'resource'),
      prompt: mask(action.prompt, 'action', 'prompt'),
      result: {
        ...action.result,
        structured: mask(action.result.structured, 'action', 'result', 'structured'),
        text: mask(action.result.text, 'action', 'result', 'text'),
      },
    },
    claims: {
      ...claims,
      model: mask(claims.model, 'claims', 'model'),
      conversation_id: mask(claims.conversation_id, 'claims', 'conversation_id'),
    },
  };
}

/** What was masked on the way. */
class Marks {
  readonly hidden = new Set<string>();
  readonly #keyedHash: (value: string) => string;
  readonly #pointers = new Set<string>();

  constructor(keyedHash: (value: string) => string) {
    this.#keyedHash = keyedHash;
  }

  mark(path: readonly string[]): void {
    this.#pointers.add(pointerOf(path));
  }

  hash(value: unknown): string {
    collectTexts(value, this.hidden);
    return this.hashOf(value);
  }

  /** Without looking for the value elsewhere. */
  hashOf(value: unknown): string {
    return this.#keyedHash(JSON.stringify(value));
  }

  pointers(): readonly string[] {
    return [...this.#pointers].toSorted();
  }
}

function collectTexts(value: unknown, into: Set<string>): void {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value);
    if (text.length >= SHORTEST_SECRET) into.add(text);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const member of Object.values(value)) collectTexts(member, into);
}

interface ArgumentMask {
  readonly marks: Marks;
  readonly named: readonly (readonly string[])[];
  readonly kept: KeptArguments;
}

type Action = PolicyInput['action'];

function maskArguments(action: Action, { marks, named, kept }: ArgumentMask): Action {
  if (kept === 'none' || kept === 'hashed') {
    const change = kept === 'none' ? emptied : hashed;
    return { ...action, args: change(action.args, 'args', marks), request: change(action.request, 'request', marks) };
  }
  const args = named.length === 0 ? action.args : maskNamed(action.args, named, marks);
  return args === action.args ? action : { ...action, args };
}

/** What came back is data of others, and much of it: unless everything is kept, a record has its facts and a hash of it. */
function maskResult(action: Action, { marks, kept }: ArgumentMask): Action {
  const { result } = action;
  if (kept === 'full') return action;
  const { text, structured } = result;
  const isSilent = text === '' && Object.keys(structured).length === 0;
  if (isSilent) return action;
  if (text !== '') marks.mark(['action', 'result', 'text']);
  if (Object.keys(structured).length > 0) marks.mark(['action', 'result', 'structured']);
  return {
    ...action,
    result: { ...result, structured: {}, text: text === '' || kept === 'none' ? '' : marks.hashOf(text) },
  };
}

type Members = Record<string, unknown>;

function emptied(members: Members, name: string, marks: Marks): Members {
  if (Object.keys(members).length === 0) return members;
  collectTexts(members, marks.hidden);
  marks.mark(['action', name]);
  return {};
}

function hashed(members: Members, name: string, marks: Marks): Members {
  if (Object.keys(members).length === 0) return members;
  marks.mark(['action', name]);
  return mapMembers(members, (member) => hashLeaves(member, marks));
}

function hashLeaves(value: unknown, marks: Marks): unknown {
  if (Array.isArray(value)) return value.map((item) => hashLeaves(item, marks));
  if (isJsonObject(value)) return mapMembers(value, (member) => hashLeaves(member, marks));
  return marks.hash(value);
}

function maskNamed(args: Members, named: readonly (readonly string[])[], marks: Marks): Members {
  let masked: unknown = args;
  for (const segments of named) masked = maskBelow(masked, segments, { marks, path: ['action', 'args'] });
  return isJsonObject(masked) ? masked : {};
}

interface Place {
  readonly marks: Marks;
  readonly path: readonly string[];
}

/** Masks what `segments` lead to from `value`; a member that is not there is no mistake. */
function maskBelow(value: unknown, segments: readonly string[], { marks, path }: Place): unknown {
  const [first, ...rest] = segments;
  if (first === undefined) {
    marks.mark(path);
    // The arguments as a whole stay an object.
    return path.length === 2 ? {} : marks.hash(value);
  }
  const step = (member: unknown, name: string): unknown =>
    first === '*' || first === name ? maskBelow(member, rest, { marks, path: [...path, name] }) : member;
  if (Array.isArray(value)) return value.map((item, index) => step(item, String(index)));
  return isJsonObject(value) ? mapMembers(value, step) : value;
}

interface LeafMask {
  readonly marks: Marks;
  readonly isSecret: (text: string) => boolean;
  readonly path: readonly string[];
}

/** Hashes every text that is secret, names of members included. What holds nothing secret stays the same object. */
function maskLeaves(value: unknown, mask: LeafMask): unknown {
  if (typeof value === 'string' || typeof value === 'number') return maskLeaf(value, mask);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const masked = entries.map(([name, member]) => maskMember(name, member, mask));
  if (masked.every(([name, member], index) => name === entries[index]?.[0] && member === entries[index][1]))
    return value;
  return Array.isArray(value) ? masked.map(([, member]) => member) : Object.fromEntries(masked);
}

function maskLeaf(leaf: string | number, { marks, isSecret, path }: LeafMask): string | number {
  if (!isSecret(String(leaf))) return leaf;
  marks.mark(path);
  return marks.hash(leaf);
}

function maskMember(name: string, member: unknown, mask: LeafMask): readonly [string, unknown] {
  const isSecretName = mask.isSecret(name);
  const shown = isSecretName ? mask.marks.hash(name) : name;
  // A rule that iterates over the members reads their names.
  if (isSecretName) mask.marks.mark(mask.path);
  return [shown, maskLeaves(member, { ...mask, path: [...mask.path, shown] })];
}

function mapMembers(members: Members, change: (member: unknown, name: string) => unknown): Members {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, change(member, name)]));
}
