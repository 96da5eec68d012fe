import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `24h` ago, or a time of its own; milliseconds since the epoch. */
export function parseMoment(text: string): number {
  const ago = /^(\d+)([smhd])$/.exec(text);
  const moment = ago === null ? Date.parse(text) : Date.now() - Number(ago[1]) * (UNIT_MS[ago[2] ?? ''] ?? 0);
  if (Number.isNaN(moment))
    throw new InvalidArgumentError('Write a time such as 2026-11-20T09:00Z, or how long ago: 30m, 24h, 7d.');
  return moment;
}

/** A whole number above 0, or `all`. */
export function parseLimit(text: string): number {
  if (text === 'all') return Number.MAX_SAFE_INTEGER;
  const limit = Number(text);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new InvalidArgumentError('Write a whole number above 0, or all.');
  return limit;
}

/** `72h`: milliseconds. */
export function parseSpan(text: string): number {
  const span = /^(\d{1,9})([smhd])$/.exec(text);
  if (span === null) throw new InvalidArgumentError('Write how long: 45m, 72h, 7d.');
  return Number(span[1]) * (UNIT_MS[span[2] ?? ''] ?? 0);
}

/** The two largest units of a time of so many seconds. */
export function spanText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  const told = parts.slice(Math.max(first, 0), Math.max(first, 0) + 2).filter(([count]) => count > 0);
  return told.length === 0 ? '0 s' : told.map(([count, unit]) => `${count} ${unit}`).join(' ');
}

/** `ID=PATH`, once for each candidate. */
export function collectCandidate(
  text: string,
  before: readonly { readonly id: string; readonly path: string }[] = [],
): readonly { readonly id: string; readonly path: string }[] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [...before, { id: text.slice(0, at), path: text.slice(at + 1) }];
  throw new InvalidArgumentError('Write ID=PATH, such as limits=./limits.');
}
