import type { JsonObject } from '../core/json.ts';
import type { DecisionRecord } from '../core/record.ts';
import type { Exposure } from './exposure.ts';
import type { Caller, Exchange } from './port.ts';
import { type Court, rule } from './rule.ts';

export interface ListParts {
  readonly exposure: Exposure;
  readonly court: () => Court;
  /** Resolves when the record is committed. */
  readonly append: (record: DecisionRecord) => Promise<unknown>;
}

/**
 * The way of one `tools/list`: each tool's list decision, from the same place that a call asks, and one record of what
 * was shown and what was not. A listing that cannot be recorded is not answered.
 */
export async function listTools(caller: Caller, exchange: Exchange, parts: ListParts): Promise<readonly JsonObject[]> {
  const seen = [...parts.exposure.all()].map(([name, route]) => ({
    name,
    route,
    visibility: parts.exposure.visibilityOf(route, caller),
  }));
  const shown = seen.filter(({ visibility }) => visibility.kind === 'visible');
  const { record } = rule(
    {
      caller,
      action: 'tool_list',
      server: '',
      tool: '',
      own: [],
      input: undefined,
      dropped: exchange.dropped,
      traceId: '',
    },
    parts.court(),
  );
  const withheld = seen
    .filter(({ visibility }) => visibility.kind !== 'visible')
    .map(({ name, visibility }) => ({
      tool: name,
      why: visibility.kind === 'hidden' ? visibility.internal : visibility.kind,
      rules: visibility.kind === 'hidden' ? visibility.rules : [],
    }));
  await parts.append({ ...record, input: { shown: shown.map(({ name }) => name), withheld } });
  return shown.map(({ route }) => route.definition);
}
