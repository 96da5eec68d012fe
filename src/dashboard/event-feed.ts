import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { Refused } from './failures.ts';
import type { Env } from './guard.ts';
import type { DashboardPort } from './port.ts';
import { readDecisionQuery } from './queries.ts';

const POLL_MS = 500;
/** Proxies end what says nothing. */
const SIGN_OF_LIFE_MS = 15_000;
/** Longer than the longest that a proxy lets live; the browser comes back by itself, if its session still holds. */
const LONGEST_MS = 60 * 60_000;
const MOST_STREAMS = 32;

/** Decisions as they are made, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export function decisionFeed(port: DashboardPort, ending: AbortSignal): (context: Context<Env>) => Promise<Response> {
  let open = 0;
  return async (context) => {
    const query = readDecisionQuery(new URL(context.req.url).searchParams);
    if (open >= MOST_STREAMS) {
      const message = `${String(MOST_STREAMS)} pages follow decisions already.`;
      throw new Refused(503, { code: 'TOO_MANY', message, mend: 'Close one of them.' });
    }
    const isSignedIn = context.get('isSignedIn');
    let { lastSeq } = await port.follow(query, seqIn(context.req.header('last-event-id')));
    open += 1;
    return streamSSE(context, async (stream) => {
      const over = new Promise<void>((resolve) => {
        stream.onAbort(resolve);
        ending.addEventListener('abort', () => resolve(), { once: true });
      });
      const until = performance.now() + LONGEST_MS;
      let quietSince = performance.now();
      try {
        await stream.write(': begun\n\n');
        while (!stream.aborted && !ending.aborted && performance.now() < until && (await isSignedIn())) {
          const page = await port.follow(query, lastSeq);
          for (const row of page.rows) {
            await stream.writeSSE({ event: 'decision', id: String(row.seq), data: JSON.stringify(row) });
          }
          if (page.rows.length > 0) quietSince = performance.now();
          if (performance.now() - quietSince > SIGN_OF_LIFE_MS) {
            quietSince = performance.now();
            await stream.write(': here\n\n');
          }
          const hasMore = page.lastSeq > lastSeq && page.rows.length > 0;
          lastSeq = page.lastSeq;
          if (!hasMore) await Promise.race([over, stream.sleep(POLL_MS)]);
        }
      } finally {
        open -= 1;
      }
    });
  };
}

function seqIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
