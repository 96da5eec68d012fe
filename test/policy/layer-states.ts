import type { Layer, Opinion, Permit, Verdict } from '../../src/core/opinion.ts';
import { anObligation, anOpinion, aPermit, aVerdict } from './decision-makers.ts';

/** Everything that one layer may say, as far as `combine` can tell it apart; null: the layer has no bundle. */
type States = readonly (Partial<Opinion> | null)[];

const fixed = (id: string, part: Partial<Verdict> = {}): Verdict => aVerdict(id, { liftable: false, ...part });
const permits = (lifts: readonly string[], part: Partial<Permit> = {}): Partial<Opinion> => ({
  permit: [aPermit({ lifts, ...part })],
});

/** A permit that names whatever there is to name. */
const EVERYTHING = [
  'identity/ID',
  'server/SD',
  'resource/RD',
  'workflow/WD',
  'compliance/CS',
  'compliance/CD',
  'override/OD',
  'gateway.unpolicied_server',
  'gateway.no_grant.server',
  'gateway.no_grant.resource',
  'gateway.error.server',
  'gateway.unknown_tool',
];

const STATES: Readonly<Record<Layer, States>> = {
  identity: [
    {},
    { deny: [fixed('ID')] },
    { status: 'error' },
    { capabilities: [{ id: 'CAP', kind: 'server', value: 'payments', mode: 'enforce' }] },
  ],
  server: [
    { allow: [aVerdict('S-OK')] },
    null,
    {},
    { allow: [aVerdict('S-OK')], deny: [aVerdict('SD')] },
    { allow: [aVerdict('S-OK', { mode: 'shadow' })], deny: [aVerdict('SD', { mode: 'shadow' })] },
    { status: 'timeout' },
  ],
  resource: [{ allow: [aVerdict('R-OK')] }, null, {}, { deny: [aVerdict('RD')] }],
  workflow: [
    {},
    { deny: [aVerdict('WD')] },
    { deny: [aVerdict('WD', { mode: 'warn' })] },
    { obligations: [anObligation({ type: 'require_approval', by: 'user', quorum: 1, ttl_s: 0, remember: 'never' })] },
  ],
  compliance: [
    {},
    { deny: [aVerdict('CS')] },
    { deny: [fixed('CD')] },
    { obligations: [anObligation({ type: 'unknown', name: 'dance', fields: {} })] },
    { mode: 'warn', status: 'error' },
  ],
  override: [
    {},
    permits(EVERYTHING),
    permits(['workflow/WD']),
    permits(EVERYTHING, { expires_at: '2026-03-02T12:00:00Z' }),
    permits(EVERYTHING, { approved_by: ' ANA' }),
    permits(EVERYTHING, { mode: 'shadow' }),
    { deny: [fixed('OD')], ...permits(EVERYTHING) },
    { status: 'missing' },
  ],
};

const LAYERS_IN_TURN = ['identity', 'server', 'resource', 'workflow', 'compliance', 'override'] as const;

/** Every combination of what the six layers may say: 15,360. */
export function everyCombination(): readonly (readonly Opinion[])[] {
  let combinations: readonly (readonly Opinion[])[] = [[]];
  for (const layer of LAYERS_IN_TURN) {
    const opinions = STATES[layer].map((state) => (state === null ? [] : [anOpinion({ layer, ...state })]));
    combinations = combinations.flatMap((before) => opinions.map((opinion) => [...before, ...opinion]));
  }
  return combinations;
}
