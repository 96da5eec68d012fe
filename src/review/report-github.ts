import type { Finding } from './finding.ts';

const COMMANDS = { error: 'error', warning: 'warning', note: 'notice' } as const;

/**
 * Findings as annotations of a pull request; `folder` is put before the paths of files.
 * Source: GitHub, "Workflow commands for GitHub Actions".
 */
export function githubLines(findings: readonly Finding[], folder: string): readonly string[] {
  return findings.map(({ severity, code, message, file, row, column }) => {
    const place = [
      `file=${property(file === '' ? folder : `${folder}/${file}`)}`,
      ...(row > 0 ? [`line=${row}`, `col=${column}`] : []),
      `title=${property(code)}`,
    ];
    return `::${COMMANDS[severity]} ${place.join(',')}::${data(message)}`;
  });
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
