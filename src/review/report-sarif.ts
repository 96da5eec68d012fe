import type { Finding } from './finding.ts';

const LEVELS = { error: 'error', warning: 'warning', note: 'note' } as const;

export interface SarifTool {
  /** Version of the gateway. */
  readonly version: string;
  /** What a code stands for, by code; codes that are not in it are told without. */
  readonly about: ReadonlyMap<string, string>;
}

/**
 * Findings as a log that code hosts and editors read; `folder` is put before the paths of files.
 * Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
 */
export function sarifLog(findings: readonly Finding[], folder: string, { version, about }: SarifTool): object {
  const codes = [...new Set(findings.map(({ code }) => code))].toSorted();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'mcp-gateway', version, rules: codes.map((id) => ruleOf(id, about.get(id))) } },
        columnKind: 'unicodeCodePoints',
        results: findings.map((finding) => resultOf(finding, folder, codes)),
      },
    ],
  };
}

function ruleOf(id: string, about: string | undefined): object {
  return about === undefined ? { id } : { id, shortDescription: { text: about } };
}

function resultOf(
  { code, severity, message, file, row, column }: Finding,
  folder: string,
  codes: readonly string[],
): object {
  const uri = (file === '' ? folder : `${folder}/${file}`).split('/').map(encodeURIComponent).join('/');
  const region = row > 0 ? { region: { startLine: row, startColumn: Math.max(1, column) } } : {};
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: LEVELS[severity],
    message: { text: message },
    locations: [{ physicalLocation: { artifactLocation: { uri }, ...region } }],
  };
}
