import { GatewayError } from '../core/errors.ts';
import type { StopSignal } from '../core/stop.ts';

/** Waits for what others wait for too: an abort ends the waiting with CANCELLED, and not the work. */
export function beforeAbort<T>(work: Promise<T>, signal: StopSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new GatewayError('CANCELLED', 'The client cancelled the request.'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Rejects with UPSTREAM_TIMEOUT when the start of a server takes longer than `timeoutMs`. */
export async function withinTime<T>(work: Promise<T>, timeoutMs: number, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(notStarted(name, timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function notStarted(name: string, timeoutMs: number): GatewayError {
  return new GatewayError('UPSTREAM_TIMEOUT', `"${name}" did not start within ${timeoutMs / 1000} s.`, {
    mend: `\`mcp-gateway server logs ${name}\` shows its last words.`,
  });
}
