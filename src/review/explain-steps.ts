import type { Opinion } from '../core/opinion.ts';
import type { SealedRecord } from '../core/record.ts';

export interface ExplainedStep {
  /** In the order in which they are combined; `gateway` where it denies before it asks anybody. */
  readonly layer: string;
  readonly bundle: string;
  readonly said: string;
  readonly ms: string;
}

/** What each bundle said, and before them the gateway itself. */
export function explainSteps({ combine, layers, lifted }: SealedRecord): readonly ExplainedStep[] {
  const own = combine.own.map(({ reason }) => ({ layer: 'gateway', bundle: '', said: `DENY ${reason}`, ms: '' }));
  const asked = layers.map((opinion) => ({
    layer: opinion.layer,
    bundle: opinion.bundle,
    said: `${aboutWhom(opinion)}${whatItSaid(opinion, new Set(lifted.map(({ denial }) => denial)))}`,
    ms: (opinion.us / 1000).toFixed(2),
  }));
  return [...own, ...asked];
}

/** A bundle that is asked of somebody behind the agent speaks of that one. */
function aboutWhom({ agent }: Opinion): string {
  return agent === undefined ? '' : `of ${agent}: `;
}

function whatItSaid(opinion: Opinion, lifted: ReadonlySet<string>): string {
  if (opinion.status === 'skipped') return 'not asked';
  if (opinion.status !== 'ok') return `${opinion.status.toUpperCase()}: ${opinion.error}`;
  const denied = (id: string): string => (lifted.has(`${opinion.bundle}/${id}`) ? 'denied, lifted:' : 'DENY');
  const said = [
    ...opinion.deny.map(({ id, reason, mode }) => `${denied(id)} ${id} ${reason}${modeText(mode, opinion)}`),
    ...opinion.hide.map(({ id, reason, mode }) => `HIDE ${id} ${reason}${modeText(mode, opinion)}`),
    ...opinion.allow.map(({ id, reason, mode }) => `allow ${id} ${reason}${modeText(mode, opinion)}`),
    ...opinion.obligations.map((one) => `${one.type === 'unknown' ? one.name : one.type} ${one.id}`),
    ...opinion.labels.map(({ id, label }) => `label ${label} ${id}`),
    ...opinion.permit.map(({ id, lifts }) => `permit ${id} for ${lifts.join(', ')}`),
    ...capabilityTexts(opinion),
  ].join('; ');
  const nothing = opinion.layer === 'server' || opinion.layer === 'resource' ? 'no rule grants this' : 'no objection';
  return `${said === '' ? nothing : said}${opinion.mode === 'enforce' ? '' : ` (${opinion.mode})`}`;
}

/** Where a rule has another mode than its bundle. */
function modeText(mode: Opinion['mode'], opinion: Opinion): string {
  return mode === opinion.mode ? '' : ` (${mode})`;
}

function capabilityTexts({ capabilities }: Opinion): readonly string[] {
  const kinds = [...new Set(capabilities.map(({ kind }) => kind))].toSorted();
  return kinds.map((kind) => {
    const values = capabilities.filter((one) => one.kind === kind).map(({ value }) => value);
    return `reach ${kind} ${values.toSorted().join(', ')}`;
  });
}
