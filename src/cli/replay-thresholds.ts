import { nearest } from '../config/suggest.ts';
import { GatewayError } from '../core/errors.ts';
import { REPLAY_CLASSES, type ReplayClass } from '../review/replay-classes.ts';
import type { ReplayReport } from '../review/replay-report.ts';

/** How many decisions of a class are too many: more than this. */
export interface Threshold {
  readonly class: ReplayClass;
  readonly most: number;
  readonly unit: 'decisions' | 'percent';
}

export interface ExceededThreshold extends Threshold {
  readonly count: number;
}

/** `deny_to_allow=0,not_replayable=5%`. Throws USAGE. */
export function parseThresholds(text: string): readonly Threshold[] {
  return text.split(',').map(parseThreshold);
}

const CLASSES: readonly string[] = REPLAY_CLASSES.filter((name) => name !== 'same');

function parseThreshold(text: string): Threshold {
  const [, name = '', most = '', percent] = /^\s*([a-z_-]+)\s*=\s*(\d+(?:\.\d+)?)(%?)\s*$/.exec(text) ?? [];
  if (name === '')
    throw new GatewayError('USAGE', `"${text.trim()}" is no threshold`, {
      mend: `Write class=number or class=number%: ${EXAMPLE}.`,
    });
  const wanted = name.replaceAll('-', '_');
  const found = REPLAY_CLASSES.find((one) => one === wanted && one !== 'same');
  if (found === undefined) {
    const near = nearest(wanted, CLASSES);
    const hint = near === undefined ? '' : `Did you mean ${near}? `;
    throw new GatewayError('USAGE', `there is no class ${name}`, { mend: `${hint}There are ${CLASSES.join(', ')}.` });
  }
  return { class: found, most: Number(most), unit: percent === '%' ? 'percent' : 'decisions' };
}

const EXAMPLE = 'deny_to_allow=0,allow_to_deny=0.1%';

/** The thresholds that a replay went over. */
export function exceededBy(
  { classes, replayed }: ReplayReport,
  thresholds: readonly Threshold[],
): readonly ExceededThreshold[] {
  return thresholds
    .map((threshold) => ({ ...threshold, count: classes[threshold.class] }))
    .filter(({ count, most, unit }) => count > (unit === 'percent' ? (most / 100) * replayed : most));
}

export function thresholdText({ most, unit }: Threshold): string {
  return unit === 'percent' ? `${most} %` : String(most);
}
