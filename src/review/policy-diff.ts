import { isDeepStrictEqual } from 'node:util';
import type { GenerationBundle } from '../core/generation.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Mode } from '../core/opinion.ts';
import { type DataDiff, diffData } from './diff-data.ts';
import { diffRules, type ReadBundle, type RuleDiff } from './diff-rules.ts';
import { modeOf } from './generation-changes.ts';
import type { Impact } from './impact.ts';

/** What is different between two generations, or between one and candidates. */
export interface PolicyDiff {
  readonly from: Compared;
  readonly to: Compared;
  /** Those that are different, in the order of their ids. */
  readonly bundles: readonly BundleDiff[];
  /** What is different beside the bundles, in words. */
  readonly beside: readonly string[];
  /** Absent where no recorded decision was made again. */
  readonly impact?: Impact;
}

/** One of the two sides, as people name it. */
export interface Compared {
  /** Of a generation that was in force its number; absent of candidates. */
  readonly no?: number;
  readonly generation: string;
  readonly name: string;
}

export interface BundleDiff {
  readonly bundle: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly layer: string;
  /** Empty where the bundle was not or is not there. */
  readonly digest: { readonly before: string; readonly after: string };
  readonly rules: readonly RuleDiff[];
  readonly modes: readonly ModeDiff[];
  readonly data: readonly DataDiff[];
  /** What its manifest declares differently: counters, tools, what it governs, by JSON pointers. */
  readonly declared: readonly DataDiff[];
  readonly isScopeChanged: boolean;
  /** Why its rules cannot be compared; empty where they can. */
  readonly unread: string;
}

export interface ModeDiff {
  /** Empty for the bundle as a whole. */
  readonly rule: string;
  readonly before: Mode;
  readonly after: Mode;
}

/** One side of a bundle; `read` is absent where nothing is kept of it. */
export interface Side {
  readonly facts: GenerationBundle;
  readonly read: ReadBundle | undefined;
}

export function diffBundle(before: Side | undefined, after: Side | undefined): BundleDiff | undefined {
  const one = after ?? before;
  if (one === undefined) return undefined;
  const [old, now] = [before?.read, after?.read];
  const isUnread = (side: Side | undefined): boolean => side !== undefined && side.read === undefined;
  const unread = isUnread(before) || isUnread(after) ? 'nothing is kept of it, or it is missing' : '';
  const diff: BundleDiff = {
    bundle: one.facts.id,
    kind: kindOf(before, after),
    layer: one.facts.layer,
    digest: { before: before?.facts.digest ?? '', after: after?.facts.digest ?? '' },
    rules: unread === '' ? diffRules(old, now) : [],
    modes: before === undefined || after === undefined ? [] : diffModes(before.facts, after.facts),
    data: old === undefined || now === undefined ? [] : diffData(dataOf(old), dataOf(now)),
    declared: old === undefined || now === undefined ? [] : diffData(declaredBy(old), declaredBy(now)),
    isScopeChanged:
      before !== undefined && after !== undefined && !isDeepStrictEqual(before.facts.place, after.facts.place),
    unread,
  };
  return isSame(diff) ? undefined : diff;
}

function kindOf(before: Side | undefined, after: Side | undefined): BundleDiff['kind'] {
  if (before === undefined) return 'added';
  return after === undefined ? 'removed' : 'changed';
}

function diffModes(before: GenerationBundle, after: GenerationBundle): readonly ModeDiff[] {
  const whole = before.mode === after.mode ? [] : [{ rule: '', before: before.mode, after: after.mode }];
  const ids = [...new Set([...Object.keys(before.ruleModes), ...Object.keys(after.ruleModes)])].toSorted();
  const rules = ids.map((rule) => ({ rule, before: modeOf(before, rule), after: modeOf(after, rule) }));
  return [...whole, ...rules.filter((one) => one.before !== one.after)];
}

function dataOf({ bundle }: ReadBundle): JsonObject {
  const data = bundle.data[bundle.root];
  return data !== undefined && isJsonObject(data) ? data : {};
}

/** What the manifest says that is neither a revision nor the form of the data. Lists are told apart by the names in them. */
function declaredBy({ bundle }: ReadBundle): JsonObject {
  const { governs, counters, tools, server, floor } = bundle.manifest.metadata.gateway;
  const named = Object.fromEntries(counters.map((counter) => [counter.name, counter]));
  const declared: unknown = JSON.parse(JSON.stringify({ governs, counters: named, tools, server, floor }));
  return declared as JsonObject;
}

function isSame({ kind, digest, rules, modes, data, declared, isScopeChanged }: BundleDiff): boolean {
  const isListed = rules.length + modes.length + data.length + declared.length > 0;
  return kind === 'changed' && !isListed && !isScopeChanged && digest.before === digest.after;
}
