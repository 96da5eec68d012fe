import { expect, test } from 'vitest';
import { combine } from '../../src/policy/combine.ts';
import { ownReason } from '../../src/gateway/own-reasons.ts';
import { tell } from '../../src/review/record-words.ts';
import { aRuling } from '../gateway/makers.ts';
import { anObligation, anOpinion, aVerdict, someFacts } from '../policy/decision-makers.ts';

const LIMIT = anObligation({ type: 'rate_limit', key: ['agent.id'], limit: 3, window_s: 60 });

test.for([
  { resets_at: '2026-03-02T12:01:00.000Z', said: 'Wait until 2026-03-02T12:01:00.000Z; then it can be done again.' },
  { resets_at: '', said: 'Tell the user; whoever runs the gateway can raise the limit.' },
])('of a limit that begins anew at “$resets_at” it is said: $said', ({ resets_at, said }) => {
  const layers = [
    anOpinion({ layer: 'server', bundle: 'code-host', allow: [aVerdict('S-1')] }),
    anOpinion({ layer: 'resource', allow: [aVerdict('R-1')] }),
    anOpinion({ layer: 'workflow', obligations: [LIMIT] }),
  ];
  const full = { counter: 'agent.id/60s', status: 'refused', cost: 1, limit: 3, resets_at } as const;
  const facts = someFacts(layers, { reservations: [full] });
  const [reason = ''] = combine(facts).reasons;
  const seal = { seq: 1, chain: 'c', instance: 'i', hash: 'h', outcome: null };
  const record = { ...aRuling().record, ...facts, ...seal };
  const sources = { wordsOf: () => undefined, ownWords: ownReason };
  expect(tell(record, reason, sources).remediation).toBe(said);
});
