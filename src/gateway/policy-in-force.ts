import type { ServerId } from '../core/names.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Directory } from './directory.ts';
import type { GovernedServer } from './governed-server.ts';

export interface PolicyInForceParts {
  readonly directory: Directory;
  /** The servers with what a generation says of them, such as the effects in its manifests. */
  readonly serversUnder: (policy: PolicySet) => ReadonlyMap<ServerId, GovernedServer>;
}

/** The generation that decides now, and how another takes its place. Requests in flight finish on theirs. */
export class PolicyInForce {
  readonly #parts: PolicyInForceParts;
  #current: PolicySet;

  constructor(current: PolicySet, parts: PolicyInForceParts) {
    this.#current = current;
    this.#parts = parts;
  }

  get current(): PolicySet {
    return this.#current;
  }

  /** Resolves when the next one decides; whoever listens is then told that the lists may have changed. */
  async replace(next: PolicySet): Promise<void> {
    const { directory, serversUnder } = this.#parts;
    await directory.govern(
      () => serversUnder(next),
      () => (this.#current = next),
    );
  }

  /** As `replace`, with the generation that decides: what is known of the servers has changed. */
  async refresh(): Promise<void> {
    const { directory, serversUnder } = this.#parts;
    await directory.govern(
      () => serversUnder(this.#current),
      () => undefined,
    );
  }
}
