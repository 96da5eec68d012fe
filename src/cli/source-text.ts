import { visible } from './terminal.ts';

/** As much of an ETag, a commit or a digest as people compare. */
export function shortRevision(revision: string): string {
  return (
    visible(
      revision
        .replace(/^sha256:/, '')
        .replaceAll('"', '')
        .slice(0, SHORT),
    ) || '-'
  );
}

const SHORT = 12;
