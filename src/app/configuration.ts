import { takeUp, waitingForRestart } from './configured.ts';
import type { AppOptions, ConfigurationSource } from './options.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { lookAgainAndAgain, stampOf } from '../policy/look.ts';

/** The file cannot be taken up, so what it said before holds. The log has its problems with their places. */
export type BrokenConfiguration = {
  /** RFC 3339. */
  readonly since: string;
  readonly problem: string;
};

/** What its files were like when they were read; asked for before anything that takes long. */
export async function stampOfConfiguration({ files }: Pick<ConfigurationSource, 'files'>): Promise<string> {
  const stamps = files.map((file) => stampOf(file, file));
  return (await Promise.all(stamps)).join('\n');
}

export interface Following {
  /** What the files were like that hold now. */
  readonly stamp: string;
  /** Takes up what has changed of policies. */
  readonly apply: (config: Config) => Promise<void>;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** Takes up what changes in the configuration's files, as far as that can be done without a restart. Answers what is wrong. */
export function followConfiguration(
  { configuration, config, secrets, clock, logger }: AppOptions,
  { stamp, apply, everyMs, signal }: Following,
): () => BrokenConfiguration | undefined {
  let broken: BrokenConfiguration | undefined;
  if (configuration === undefined) return () => undefined;
  let running = config;
  let { files } = configuration;
  const look = (): Promise<string> => stampOfConfiguration({ files });
  const takeUpAll = async (): Promise<void> => {
    const read = readKnowing(secrets, configuration);
    files = read.files;
    const next = takeUp(running, read.config);
    broken = undefined;
    const waiting = waitingForRestart(next, read.config);
    if (waiting.length > 0) logger.warn('a change of the configuration waits for a restart', { settings: waiting });
    running = next;
    await apply(next);
  };
  const changed = async (): Promise<void> => {
    try {
      await takeUpAll();
    } catch (thrown) {
      broken ??= { since: new Date(clock.now()).toISOString(), problem: 'the file has errors; the log says which' };
      logger.error('the configuration cannot be taken up; what it said before holds', { problem: messageOf(thrown) });
    }
  };
  void lookAgainAndAgain(look, { told: () => stamp, changed }, { everyMs, signal });
  return () => broken;
}

/** Nothing may be used before it is known what must be kept out of log and records. */
function readKnowing(
  secrets: readonly string[],
  { read }: ConfigurationSource,
): ReturnType<ConfigurationSource['read']> {
  const found = read();
  if (found.secrets.every((secret) => secrets.includes(secret))) return found;
  throw new GatewayError('CONFIG_INVALID', 'it has a secret that it did not have before', {
    mend: 'Start the gateway again: what must stay out of the log is settled when it starts.',
  });
}
