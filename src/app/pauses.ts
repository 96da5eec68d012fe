import type { AppOptions } from './options.ts';
import { messageOf } from '../core/errors.ts';
import { type Bypass, holdsAt, type Pause } from '../core/pause.ts';
import { waited } from '../policy/look.ts';
import { decisionIds } from '../state/decision-id.ts';
import type { Store } from '../state/store.ts';

/** How often the log says again that nothing is enforced. */
const REMIND_MS = 60_000;

export interface PausesParts {
  readonly store: Pick<Store, 'pause' | 'log' | 'instance'>;
  /** What holds is said at once; then the lists that clients have may be others. */
  readonly changed: () => void;
  /** How often is looked whether somebody has begun or ended a pause. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

type Told = Pick<AppOptions, 'config' | 'clock' | 'logger' | 'isShadow' | 'login'>;

/**
 * Whether what policies deny is let through now. A pause stands in the store, so that all gateways on it take it up and it
 * ends by itself, also after a restart; one that cannot be read does not hold. `serve --shadow` is one for this process.
 */
export class Pauses {
  readonly #parts: PausesParts;
  readonly #told: Told;
  #isAllowed: boolean;
  #pause: Pause | undefined;
  #heldBefore: Bypass = '';
  #reminded = 0;

  private constructor(parts: PausesParts, told: Told) {
    this.#parts = parts;
    this.#told = told;
    this.#isAllowed = told.config.policies.pause;
  }

  /** As the store says now. */
  static async begin(parts: PausesParts, told: Told): Promise<Pauses> {
    const pauses = new Pauses(parts, told);
    await pauses.#look();
    return pauses;
  }

  /** At a time in milliseconds since the epoch. */
  readonly at = (now: number): Bypass => {
    if (!this.#isAllowed) return '';
    if (this.#told.isShadow === true) return 'shadow';
    return holdsAt(this.#pause, now) ? 'pause' : '';
  };

  /** From now on follows what stands in the store. */
  async watch(): Promise<void> {
    const { everyMs, signal } = this.#parts;
    while (await waited(everyMs, signal)) await this.#look();
  }

  /** The configuration says something else of whether there may be any. */
  allow(isAllowed: boolean): void {
    this.#isAllowed = isAllowed;
    this.#tell();
  }

  /** Puts on record that this process is started in shadow. Rejects where that cannot be recorded. */
  async recordShadow(): Promise<void> {
    const { store } = this.#parts;
    const { clock, login } = this.#told;
    if (this.at(clock.now()) !== 'shadow') return;
    const time = new Date(clock.now()).toISOString();
    const who = { id: decisionIds(clock)(), time, actor: `user:${login}`, via: 'terminal' } as const;
    const what = { verb: 'pause.shadow', subject: store.instance, before: null, after: { shadow: true } } as const;
    await store.log.act({ ...who, ...what, reason: 'serve --shadow' });
  }

  async #look(): Promise<void> {
    try {
      this.#pause = await this.#parts.store.pause();
    } catch (thrown) {
      this.#pause = undefined;
      this.#told.logger.warn('it cannot be told whether the gateway is paused, so it is not', {
        problem: messageOf(thrown),
      });
    }
    this.#tell();
  }

  #tell(): void {
    const { clock, logger } = this.#told;
    const now = clock.now();
    const holds = this.at(now);
    const isNews = holds !== this.#heldBefore;
    this.#heldBefore = holds;
    if (isNews) this.#parts.changed();
    if (holds === '') {
      if (isNews) logger.warn('the pause is over: policies are enforced again');
      return;
    }
    if (!isNews && now - this.#reminded < REMIND_MS) return;
    this.#reminded = now;
    logger.warn(LOUD, { bypass: holds, ...(holds === 'pause' && factsOf(this.#pause)) });
  }
}

const LOUD = 'POLICIES ARE NOT ENFORCED: what they deny is let through and recorded';

function factsOf(pause: Pause | undefined): object {
  if (pause === undefined) return {};
  const { untilMs, actor, reason } = pause;
  return { until: new Date(untilMs).toISOString(), by: actor, reason };
}
