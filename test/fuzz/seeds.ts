/** Seeds that `npm test` always runs: one to begin with, and each that has ever found something, with what it found. */
export const KEPT_SEEDS: readonly number[] = [
  20_260_728,
  // An unknown command's name reached the terminal with its escape sequences.
  2_142_660_335,
];
