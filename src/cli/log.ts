import { destination, pino } from 'pino';
import type { Logger } from '../core/logger.ts';
import { maskedText, secretsByLine } from '../core/masked-text.ts';
import { visibleJson } from '../core/visible-json.ts';

/**
 * JSON lines on stderr, written at once: stdout belongs to answers, and in stdio mode to JSON-RPC. What servers, authors
 * and clients wrote may stand in them, so none of `secrets` does (the longest first), and nothing that a terminal obeys.
 */
export function stderrLogger(level: string, secrets: readonly string[] = []): Logger {
  const stderr = destination({ fd: 2, sync: true });
  const written = secretsByLine(secrets).map((secret) => JSON.stringify(secret).slice(1, -1));
  const log = pino(
    { level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    {
      write: (line) => void stderr.write(visibleJson(maskedText(line, written))),
    },
  );
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  };
}
