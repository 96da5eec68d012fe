import { decisionIds } from '../../src/state/decision-id.ts';
import { type Rotated, rotateKey } from '../../src/state/rotate-key.ts';
import { realClock } from './records.ts';
import { aConnection, type AnyPlace } from './support.ts';

/** Hands the log of a store over to another key. */
export function rotate(place: AnyPlace): Promise<Rotated> {
  const id = decisionIds(realClock)();
  const act = {
    id,
    time: new Date().toISOString(),
    actor: 'user:ada',
    via: 'terminal',
    reason: 'Sam has left',
  } as const;
  return rotateKey({ connection: aConnection(place), home: place.home, act });
}
