const CLOCK = { hour: '2-digit', minute: '2-digit' } as const;

/** Local time, as short as it can be told from others: today without the day, this year without the year. */
export function localTime(time: string, nowMs: number): string {
  const then = new Date(time);
  if (Number.isNaN(then.getTime())) return time;
  const now = new Date(nowMs);
  if (then.toDateString() === now.toDateString()) return then.toLocaleTimeString([], { ...CLOCK, second: '2-digit' });
  const year = then.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return then.toLocaleString([], { day: 'numeric', month: 'short', ...year, ...CLOCK });
}

/** For the title of every time: the same moment in UTC, as records have it. */
export function utcTime(time: string): string {
  const then = new Date(time);
  return Number.isNaN(then.getTime()) ? time : `${then.toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

/** `4 min 05 s`; of what is over, `0 s`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  return minutes > 0 ? `${minutes} min ${String(seconds % 60).padStart(2, '0')} s` : `${seconds} s`;
}

/** `2026-11-30` of a moment, in local time: what a date field holds. */
export function localDay(ms: number): string {
  const then = new Date(ms);
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${then.getFullYear()}-${part(then.getMonth() + 1)}-${part(then.getDate())}`;
}
