import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { Quarantine } from '../gateway/drift-news.ts';
import { ACCEPTED_TOOLS, definitionChanges, keptChanges, readDefinitions } from '../review/unit-changes.ts';
import { decisionIds } from '../state/decision-id.ts';
import type { Store } from '../state/store.ts';

export interface QuarantineParts {
  readonly store: Pick<Store, 'log' | 'catalog' | 'instance'>;
  readonly clock: Clock;
  /** What no record may hold, the longest first: a server may say in a definition what it was given. */
  readonly secrets: readonly string[];
  readonly logger: Logger;
}

/** A server may change all of its ten thousand tools at once. */
const MOST_RECORDED = 50;

/**
 * Records which tools of a server were quarantined, and where each differs from what was accepted. The calls themselves are
 * denied without it, so that a record which cannot be written is logged.
 */
export function quarantineRecorder({
  store,
  clock,
  secrets,
  logger,
}: QuarantineParts): (quarantine: Quarantine) => void {
  const newId = decisionIds(clock);
  const record = async ({ server, tools }: Quarantine): Promise<void> => {
    const accepted = readDefinitions(await store.catalog.readFact(server, ACCEPTED_TOOLS));
    const listed = tools.slice(0, MOST_RECORDED).map(({ tool, why, definition }): JsonObject => {
      const before = Object.hasOwn(accepted, tool) ? accepted[tool] : undefined;
      return { tool, why, ...keptChanges(before === undefined ? [] : definitionChanges(before, definition), secrets) };
    });
    await store.log.act({
      id: newId(),
      time: new Date(clock.now()).toISOString(),
      actor: `gateway:${store.instance}`,
      via: 'gateway',
      verb: 'server.quarantine',
      subject: server,
      before: null,
      after: { count: tools.length, tools: listed },
      reason: '',
    });
  };
  return (quarantine) => {
    record(quarantine).catch((thrown: unknown) =>
      logger.error('a quarantine cannot be recorded', { server: quarantine.server, problem: messageOf(thrown) }),
    );
  };
}
