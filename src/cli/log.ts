import { destination, pino } from 'pino';
import type { Logger, LogFields } from '../core/logger.ts';
import { maskedText, secretsByLine } from '../core/masked-text.ts';
import { visibleJson } from '../core/visible-json.ts';
import type { LogFormat } from './log-options.ts';

/**
 * Lines on stderr, written at once: stdout belongs to answers, and in stdio mode to JSON-RPC. What servers, authors and
 * clients wrote may stand in them, so none of `secrets` does (the longest first), and nothing that a terminal obeys.
 */
export function stderrLogger(level: string, secrets: readonly string[] = [], format: LogFormat = 'json'): Logger {
  const stderr = destination({ fd: 2, sync: true });
  return logger(level, { secrets, format, write: (line) => void stderr.write(line) });
}

export interface LogWriting {
  readonly secrets: readonly string[];
  readonly format: LogFormat;
  readonly write: (line: string) => void;
}

export function logger(level: string, { secrets, format, write }: LogWriting): Logger {
  const written = secretsByLine(secrets).map((secret) => JSON.stringify(secret).slice(1, -1));
  const shown = (line: string): string => visibleJson(maskedText(line, written));
  const log = pino(
    { level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    { write: (line) => write(format === 'json' ? shown(line) : textOf(shown(line))) },
  );
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  };
}

/** A line of JSON, from which what must not be seen has been taken, in words: every value stays as it is quoted there. */
function textOf(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as LogFields;
  const beside = Object.entries(fields).map(([name, value]) => ` ${name}=${visibleJson(JSON.stringify(value))}`);
  return `${String(time)} ${LEVEL_NAMES.get(level) ?? String(level)} ${said(msg)}${beside.join('')}\n`;
}

/** A message is one of ours; what a terminal obeys stays written out in it all the same. */
function said(message: LogFields[string]): string {
  return visibleJson(JSON.stringify(message)).slice(1, -1);
}

/** As pino counts them. */
const LEVEL_NAMES: ReadonlyMap<unknown, string> = new Map([
  [20, 'DEBUG'],
  [30, 'INFO '],
  [40, 'WARN '],
  [50, 'ERROR'],
]);
