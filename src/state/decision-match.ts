import type { SealedRecord } from '../core/record.ts';
import type { DecisionFilter } from './decision-query.ts';

type Pattern = Pick<DecisionFilter, 'server' | 'tool' | 'reason' | 'effect' | 'agent' | 'user'>;

/** Whether a decision is one that is looked for; `tool` and `reason` may end in `*`, and a tool be named with its server. */
export function matches(record: SealedRecord, { server, tool, reason, effect, agent, user }: Pattern): boolean {
  return (
    (effect ?? record.effect) === record.effect &&
    (server ?? record.server) === record.server &&
    (agent ?? record.principal.agent.id) === record.principal.agent.id &&
    (user ?? record.principal.user.id) === record.principal.user.id &&
    (tool === undefined || matchesTool(record.tool === '' ? '' : `${record.server}/${record.tool}`, tool)) &&
    (reason === undefined || record.reasons.some((one) => matchesText(one, reason)))
  );
}

/** `full` is `<server>/<tool>`; the pattern may be of the tool alone, or have a dot in place of the slash. */
export function matchesTool(full: string, pattern: string): boolean {
  const tool = full.slice(full.indexOf('/') + 1);
  return matchesText(tool, pattern) || matchesText(full, pattern) || matchesText(full.replace('/', '.'), pattern);
}

/** A pattern that ends in `*` means all that begins so. */
export function matchesText(text: string, pattern: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
