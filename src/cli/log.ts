import { destination, pino } from 'pino';
import type { Logger } from '../core/logger.ts';

/** JSON lines on stderr, written at once: stdout belongs to answers, and in stdio mode to JSON-RPC. */
export function stderrLogger(level: string): Logger {
  const log = pino(
    { level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    destination({ fd: 2, sync: true }),
  );
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  };
}
