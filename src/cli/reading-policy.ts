import { type BundleLoader, readLibrary, rememberedValidation } from '../app/bundles.ts';
import { SHIPPED_ANSWERS } from '../app/policies.ts';
import { type RulesInForce, rulesInForce } from '../app/rules.ts';
import { hasStore, storePlaceOf } from '../app/store-place.ts';
import { Toolchain } from '../rego/toolchain.ts';
import { addRecords, NO_ACTIVITY, type RuleActivity } from '../review/rule-activity.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import type { Terminal } from './terminal.ts';

export interface PolicyReading {
  readonly inForce: RulesInForce;
  readonly activity: RuleActivity;
}

export interface ReadingOptions extends ConfigOption {
  /** From when on recorded decisions count; milliseconds since the epoch. */
  readonly since: number;
}

/** What decides, and what it did, for a command that starts no server. */
export async function readPolicy(context: CommandContext, options: ReadingOptions): Promise<PolicyReading> {
  const { terminal, environment } = context;
  const { config } = readConfig(context, options);
  const place = storePlaceOf(config);
  // Before its first start a gateway has no log.
  const reader = (await hasStore(place)) ? new DecisionReader(place) : undefined;
  const toolchain = new Toolchain({ cacheFolder: environment.cache, shippedFolder: SHIPPED_ANSWERS });
  const loader: BundleLoader = { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) };
  try {
    const inForce = await rulesInForce({ config, reader }, loader);
    const activity = reader === undefined ? NO_ACTIVITY : await readActivity(reader, options.since, terminal);
    return { inForce, activity };
  } finally {
    await reader?.close();
    await toolchain.close();
  }
}

const PATIENCE_MS = 2_000;

async function readActivity(reader: DecisionReader, since: number, terminal: Terminal): Promise<RuleActivity> {
  const started = performance.now();
  let activity = NO_ACTIVITY;
  let afterSeq = 0;
  for (;;) {
    const { records, lastSeq } = await reader.since({ since, afterSeq });
    const isSlow = terminal.err.isTTY && performance.now() - started > PATIENCE_MS;
    if (records.length === 0) {
      if (isSlow) terminal.err.write('\r\u001B[K');
      return activity;
    }
    activity = addRecords(activity, records);
    afterSeq = lastSeq;
    if (isSlow) terminal.err.write(`\r${activity.decisions} decisions read`);
  }
}
