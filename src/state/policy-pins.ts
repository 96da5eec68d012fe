import * as z from 'zod';
import type { PinnedModes, PolicyPin } from '../core/policy-pin.ts';
import type { SqlRow } from './driver.ts';
import { all, run, type Work } from './work.ts';

/** What stands instead of the pin that the bundle had. */
export function* pinBundle({ bundle, digest, dataDigest, modes, at, actor, reason }: PolicyPin): Work<void> {
  yield* run(
    `insert into policy_pins (bundle, digest, data_digest, modes, at, actor, reason) values (?, ?, ?, ?, ?, ?, ?)
       on conflict (bundle) do update set digest = excluded.digest, data_digest = excluded.data_digest,
         modes = excluded.modes, at = excluded.at, actor = excluded.actor, reason = excluded.reason`,
    bundle,
    digest,
    dataDigest,
    modes === undefined ? '' : JSON.stringify(modes),
    at,
    actor,
    reason,
  );
}

/** Whether there was one. */
export function* releaseBundle(bundle: string): Work<boolean> {
  return (yield* run('delete from policy_pins where bundle = ?', bundle)) === 1;
}

/** In the order of the bundles. */
export function* listPins(): Work<readonly PolicyPin[]> {
  return (yield* all('select * from policy_pins order by bundle')).map(toPin);
}

const Mode = z.enum(['enforce', 'warn', 'shadow']);
const Modes = z.object({ mode: Mode, ruleModes: z.record(z.string(), Mode) });

function toPin(row: SqlRow): PolicyPin {
  const modes = modesIn(String(row['modes']));
  return {
    bundle: String(row['bundle']),
    digest: String(row['digest']),
    dataDigest: String(row['data_digest']),
    ...(modes && { modes }),
    at: Number(row['at']),
    actor: String(row['actor']),
    reason: String(row['reason']),
  };
}

function modesIn(text: string): PinnedModes | undefined {
  return text === '' ? undefined : Modes.parse(JSON.parse(text));
}
