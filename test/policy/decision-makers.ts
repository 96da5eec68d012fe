import type { JsonObject } from '../../src/core/json.ts';
import type { ObligationElement, Opinion, Permit, Verdict } from '../../src/core/opinion.ts';
import type { CombineFacts } from '../../src/core/record.ts';
import type { CombineInput } from '../../src/policy/combine-opinions.ts';
import { NO_PARTS } from '../../src/policy/opinion.ts';

/** 2026-03-02T12:00:00Z */
export const NOW = Date.UTC(2026, 2, 2, 12);

const ALL_OBLIGATIONS = [
  'audit_required',
  'redact',
  'require_approval',
  'counter',
  'rate_limit',
  'deadline',
  'warn',
  'label',
];

export function anOpinion(part: Partial<Opinion> & Pick<Opinion, 'layer'>): Opinion {
  return {
    bundle: part.layer,
    digest: '',
    mode: 'enforce',
    status: 'ok',
    error: '',
    ...NO_PARTS,
    us: 0,
    fuel: 0,
    cached: false,
    ...part,
  };
}

export function aVerdict(id: string, part: Partial<Verdict> = {}): Verdict {
  return { id, reason: id.toLowerCase().replaceAll('-', '_'), params: {}, mode: 'enforce', liftable: true, ...part };
}

export function aPermit(part: Partial<Permit> = {}): Permit {
  return {
    id: 'INC-7',
    lifts: [],
    requested_by: 'ana',
    approved_by: 'ben',
    justification: 'an incident',
    not_before: '2026-03-01T00:00:00Z',
    expires_at: '2026-03-05T00:00:00Z',
    mode: 'enforce',
    ...part,
  };
}

export function aCombineFacts(part: Partial<CombineFacts> = {}): CombineFacts {
  return {
    version: 1,
    required: [],
    carries: ALL_OBLIGATIONS,
    modes: {},
    own: [],
    bypass: '',
    now: NOW,
    approvals: [],
    reservations: [],
    ...part,
  };
}

export function someFacts(layers: readonly Opinion[], combine: Partial<CombineFacts> = {}): CombineInput {
  return { action: 'tool_call', server: 'code-host', tool: 'merge', layers, combine: aCombineFacts(combine) };
}

/** An element as the cases write it: `GH-1 too_fast`, or an object with what differs from the defaults. */
export function verdictOf(written: string | (JsonObject & Partial<Verdict>)): Verdict {
  if (typeof written !== 'string') return aVerdict(written.id ?? 'X-1', written);
  const [id = '', reason] = written.split(' ');
  return aVerdict(id, reason === undefined ? {} : { reason });
}

export function anObligation(part: Readonly<Record<string, unknown>>): ObligationElement {
  return { id: 'OB-1', mode: 'enforce', advice: false, ...part } as unknown as ObligationElement;
}
