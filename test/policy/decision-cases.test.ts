import { readdirSync, readFileSync } from 'node:fs';
import { expect, describe, it } from 'vitest';
import { parse } from 'yaml';
import type { Decision } from '../../src/core/decision.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Opinion, Permit, Verdict } from '../../src/core/opinion.ts';
import type { CombineFacts, ShadowDecision } from '../../src/core/record.ts';
import { combine } from '../../src/policy/combine.ts';
import type { CombineInput } from '../../src/policy/combine-opinions.ts';
import { shadowDecision } from '../../src/policy/combine-record.ts';
import { aCombineFacts, anObligation, anOpinion, aPermit, verdictOf } from './decision-makers.ts';

const FOLDER = new URL('../../fixtures/decisions/', import.meta.url);

interface WrittenCase {
  readonly name: string;
  readonly action?: CombineInput['action'];
  readonly server?: string;
  readonly tool?: string;
  readonly change?: Changes;
  readonly combine?: Partial<CombineFacts>;
  readonly expect: Partial<Decision>;
  readonly shadow?: ShadowDecision | null;
}

type Changes = Readonly<Record<string, WrittenOpinion | null>>;

interface WrittenOpinion extends Pick<Partial<Opinion>, 'layer' | 'mode' | 'status' | 'labels' | 'agent'> {
  readonly allow?: readonly (string | JsonObject)[];
  readonly deny?: readonly (string | JsonObject)[];
  readonly hide?: readonly (string | JsonObject)[];
  readonly obligations?: readonly JsonObject[];
  readonly permit?: readonly Partial<Permit>[];
  readonly capabilities?: readonly {
    readonly kind: 'server' | 'tool' | 'scope' | 'data_class';
    readonly value: string;
  }[];
}

interface WrittenFile {
  readonly baseline: Changes;
  readonly cases?: readonly WrittenCase[];
  readonly columns?: Readonly<Record<string, Changes>>;
  readonly rows?: readonly WrittenRow[];
}

interface WrittenRow {
  readonly situation: string;
  readonly change?: Changes;
  readonly combine?: Partial<CombineFacts>;
  readonly reasons: readonly string[];
  readonly effects: Readonly<Record<string, Decision['effect']>>;
}

const FILES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ name, file: parse(readFileSync(new URL(name, FOLDER), 'utf8')) as WrittenFile }));

describe.each(FILES)('$name', ({ file }) => {
  it.each(file.cases ?? [])('$name', (written) => {
    const facts = factsOf(written, [file.baseline, written.change ?? {}]);
    expect(combine(facts)).toMatchObject(written.expect);
    expect(written.shadow === undefined ? undefined : shadowDecision(facts)).toEqual(written.shadow);
  });

  it.each(cellsOf(file))('$situation, $column: $effect', ({ row, changes, effect, isFirst }) => {
    const decision = combine(factsOf(row, changes));
    expect(decision.effect).toBe(effect);
    expect(isFirst ? decision.reasons : row.reasons).toEqual(row.reasons);
    expect(decision.reasons.length > 0).toBe(effect === 'deny');
  });
});

function cellsOf({ baseline, columns = {}, rows = [] }: WrittenFile) {
  return rows.flatMap((row) =>
    Object.entries(row.effects).map(([column, effect], index) => ({
      situation: row.situation,
      row,
      column,
      effect,
      isFirst: index === 0,
      changes: [baseline, columns[column] ?? {}, row.change ?? {}],
    })),
  );
}

function factsOf(written: Partial<WrittenCase>, changes: readonly Changes[]): CombineInput {
  const opinions = new Map<string, WrittenOpinion>();
  for (const [bundle, change] of changes.flatMap((one) => Object.entries(one))) {
    if (change === null) opinions.delete(bundle);
    else opinions.set(bundle, { ...opinions.get(bundle), ...change });
  }
  const action = written.action ?? 'tool_call';
  return {
    action,
    server: written.server ?? 'code-host',
    tool: written.tool ?? (action.startsWith('tool_') ? 'merge' : ''),
    layers: [...opinions].map(([bundle, opinion]) => opinionOf(bundle, opinion)),
    combine: aCombineFacts(written.combine),
  };
}

function opinionOf(bundle: string, written: WrittenOpinion): Opinion {
  const { layer, mode = 'enforce', status = 'ok', labels = [], agent } = written;
  if (layer === undefined) throw new Error(`the case names no layer for the bundle ${bundle}`);
  return anOpinion({
    layer,
    bundle,
    ...(agent === undefined ? {} : { agent }),
    mode,
    status,
    allow: verdictsOf(written.allow),
    deny: verdictsOf(written.deny),
    hide: verdictsOf(written.hide),
    obligations: (written.obligations ?? []).map(anObligation),
    permit: (written.permit ?? []).map(aPermit),
    labels: labels.map((label) => ({ ...label, ttl_s: label.ttl_s ?? 0, mode: label.mode ?? 'enforce' })),
    capabilities: (written.capabilities ?? []).map((one) => ({ id: 'CAP-1', mode: 'enforce', ...one })),
  });
}

function verdictsOf(written: readonly (string | JsonObject)[] = []): readonly Verdict[] {
  return written.map(verdictOf);
}
