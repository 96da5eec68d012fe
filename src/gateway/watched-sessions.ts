import type { Clock } from '../core/clock.ts';
import type { Observer, Origin, Road } from '../core/observer.ts';
import type { Caller } from './port.ts';

interface Begun {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly road: Road['kind'];
  readonly protocol: string;
}

interface Watching {
  /** Absent where nobody watches. */
  readonly observer?: Observer | undefined;
  readonly clock: Clock;
}

/** When the sessions of clients began that somebody watches. */
export class WatchedSessions {
  readonly #begun = new Map<string, Begun>();

  begin({ session, era, client }: Caller, origin: Origin | undefined, { observer, clock }: Watching): void {
    if (observer === undefined || era !== 'session') return;
    const { protocol } = client;
    this.#begun.set(session, { atMs: clock.monotonic(), road: origin?.road.kind ?? 'pipe', protocol });
  }

  end(session: string, { observer, clock }: Watching): void {
    const begun = this.#begun.get(session);
    if (begun === undefined) return;
    this.#begun.delete(session);
    const { atMs, road, protocol } = begun;
    observer?.sessionEnded({ ms: clock.monotonic() - atMs, road, protocol });
  }
}
