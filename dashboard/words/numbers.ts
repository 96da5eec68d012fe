/** `12,345`, as the reader's language groups digits. */
export function counted(value: number): string {
  return value.toLocaleString();
}

/** `1 call`, `2 calls`; the plural is the singular with an s where nothing else is said. */
export function countOf(value: number, singular: string, plural = `${singular}s`): string {
  return `${counted(value)} ${value === 1 ? singular : plural}`;
}

/** Of a share from 0 to 1: `12.5 %`; what is not nothing is never shown as 0. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return '< 0.1 %';
  return `${(share * 100).toLocaleString([], { maximumFractionDigits: share < 0.1 ? 1 : 0 })} %`;
}

/** Of microseconds: `0.42 ms`, `1.2 s`. */
export function duration(us: number): string {
  const ms = us / 1000;
  if (ms >= 1000) return `${(ms / 1000).toLocaleString([], { maximumFractionDigits: 1 })} s`;
  return `${ms.toLocaleString([], { maximumFractionDigits: ms < 10 ? 2 : 0 })} ms`;
}

/** The first characters of a hash, enough to tell it from others. */
export function shortHash(hash: string): string {
  return hash.replace(/^sha256:/, '').slice(0, 12);
}
