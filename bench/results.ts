import type { Crowd } from './crowd.ts';
import type { Deciding } from './decide.ts';
import type { Sample } from './load.ts';
import type { Parsing } from './parse.ts';
import type { Replaying } from './replay.ts';
import type { Remembering } from './state.ts';
import type { Start } from './starts.ts';
import { median } from './statistics.ts';

/** Calls in flight. */
export const LEVELS = [1, 8, 32] as const;
export type Level = (typeof LEVELS)[number];

/** Samples of one round, by target and level. */
export type Round = Readonly<Record<string, Readonly<Record<Level, Sample>>>>;

export interface Starts {
  readonly cold: readonly Start[];
  readonly warm: readonly Start[];
}

export interface Results {
  readonly rounds: readonly Round[];
  /** By target. */
  readonly starts: Readonly<Record<string, Starts>>;
  /** Resident bytes after all rounds, by target. */
  readonly loadedBytes: Readonly<Record<string, number>>;
  readonly deciding: Deciding;
  readonly remembering: Remembering;
  readonly replaying: Replaying;
  readonly parsing: Parsing;
  readonly fsyncUs: number;
  readonly crowd: Crowd;
}

/** Which figure of which target at which level. */
export interface Figure {
  readonly target: string;
  readonly level: Level;
  readonly of: keyof Sample;
}

/** Median over the rounds; NaN where the target was not measured. */
export function figure({ rounds }: Results, { target, level, of }: Figure): number {
  return median(rounds.flatMap((round) => round[target]?.[level][of] ?? []));
}

/** A target's figure over another's in the same round, so that a noisy minute counts on both sides; the median. */
export function ratio({ rounds }: Results, one: Figure, base: string): number {
  return median(
    rounds.flatMap((round) => {
      const above = round[one.target]?.[one.level][one.of];
      const below = round[base]?.[one.level][one.of];
      return above === undefined || below === undefined ? [] : [above / below];
    }),
  );
}

export function startMs(results: Results, target: string, kind: keyof Starts): number {
  return median(results.starts[target]?.[kind].map(({ ms }) => ms) ?? []);
}

/** Resident bytes of a gateway that was started warm and has come to rest. */
export function idleBytes(results: Results, target: string): number {
  return median(results.starts[target]?.warm.map((start) => start.idleBytes) ?? []);
}
