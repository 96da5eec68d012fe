import type { Config } from '../config/paths.ts';
import type { Mode } from '../core/opinion.ts';
import type { Shadowed } from '../policy/combine-record.ts';
import { type ShadowLine, ShadowReport } from '../review/shadow-report.ts';
import type { DecisionReader } from '../state/decision-reader.ts';

/** What was shadowed since then (milliseconds since the epoch), and is by the configuration as it is now. */
export async function shadowLines(
  reader: Pick<DecisionReader, 'shadowed'>,
  config: Config,
  since: number,
): Promise<readonly ShadowLine[]> {
  const report = new ShadowReport(shadowedBy(config));
  let page = await reader.shadowed({ since, afterSeq: 0 });
  while (page.records.length > 0) {
    for (const record of page.records) report.add(record);
    page = await reader.shadowed({ since, afterSeq: page.lastSeq });
  }
  return report.lines;
}

/** The bundles and rules that a configuration has in shadow. */
export function shadowedBy({ policies, mcpServers }: Config): readonly Shadowed[] {
  const bundles = [
    ...policies.org.map(({ id, mode, rules }) => ({ id, mode, rules })),
    ...Object.entries(mcpServers).map(([id, { policy }]) => ({ id, mode: policy.mode, rules: policy.rules })),
  ];
  return bundles.flatMap(({ id, mode, rules }) => [
    ...(mode === 'shadow' ? [{ bundle: id, rule: '' }] : []),
    ...Object.entries(rules)
      .filter(([, { mode: own }]: readonly [string, { readonly mode: Mode }]) => own === 'shadow' && mode !== 'shadow')
      .map(([rule]) => ({ bundle: id, rule })),
  ]);
}
