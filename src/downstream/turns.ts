import { canonicalJson } from '../core/canonical-json.ts';
import type { Identity } from './identity.ts';

export interface TurnLimits {
  /** Requests of one session that run at once. */
  readonly maxInFlight: number;
  /** Requests of one principal that wait beyond those, in all its sessions together. */
  readonly maxWaiting: number;
  /** Bytes of one principal's requests that are not answered. A session of which nothing is held may always ask one. */
  readonly maxHeldBytes: number;
}

/** A request that wants its turn. */
export interface Turn {
  readonly byteLength: number;
  hasBegun: boolean;
  begin(): void;
}

/** So many requests of one principal begin when they come. Beyond that its sessions take turns. */
const AT_ONCE = 32;
/** Of those that wait, so many begin in one turn of the event loop: what came meanwhile is read in between. More cost less. */
const CALLED_UP = { alone: 8, shared: 2 } as const;
/** And one for so many that were refused since: a refusal costs about a quarter, so half of the time is left to what was let in. */
const REFUSED_FOR_ONE = 4;

/**
 * Whose request begins when. What one principal asks beyond a number waits for the next turn of the event loop, where
 * sessions take turns: a thousand calls of one do not stand before the one call of another.
 */
export class Turns {
  readonly limits: TurnLimits;
  /** Sessions with a request that is not answered. */
  busySessions = 0;
  /** Since the last requests were called up. */
  refused = 0;
  readonly #owners = new Map<string, Held>();
  readonly #queue: Lane[] = [];
  #isCalling = false;

  constructor(limits: TurnLimits) {
    this.limits = limits;
  }

  /** The requests of one session. */
  laneOf(identity: Identity): Lane {
    return new Lane(this, ownerOf(identity));
  }

  /** What of a principal is not answered yet; gone from memory with the last of it. */
  heldOf(owner: string): Held {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    const held: Held = { waiting: 0, running: 0, bytes: 0, requests: 0 };
    this.#owners.set(owner, held);
    return held;
  }

  forget(owner: string): void {
    this.#owners.delete(owner);
  }

  /** Calls up what waits in a lane, one request whenever all other lanes have had theirs. */
  queue(lane: Lane): void {
    if (lane.isQueued) return;
    lane.isQueued = true;
    this.#queue.push(lane);
    if (this.#isCalling) return;
    this.#isCalling = true;
    setImmediate(() => this.#callUp());
  }

  #callUp(): void {
    const least = this.busySessions === 1 ? CALLED_UP.alone : CALLED_UP.shared;
    const most = Math.min(Math.max(least, Math.ceil(this.refused / REFUSED_FOR_ONE)), AT_ONCE);
    this.refused = 0;
    let begun = 0;
    for (let lane = this.#queue.shift(); lane !== undefined; lane = this.#queue.shift()) {
      lane.isQueued = false;
      if (!lane.beginNext()) continue;
      begun += 1;
      if (begun === most) break;
    }
    this.#isCalling = this.#queue.length > 0;
    if (this.#isCalling) setImmediate(() => this.#callUp());
  }
}

/** What of one principal is not answered yet. */
interface Held {
  /** Beyond what its sessions may have in flight. */
  waiting: number;
  running: number;
  bytes: number;
  requests: number;
}

/** The requests of one session that are not answered: first come, first begun. */
export class Lane {
  isQueued = false;
  readonly #turns: Turns;
  readonly #owner: string;
  readonly #waiting: Turn[] = [];
  #size = 0;
  #running = 0;

  constructor(turns: Turns, owner: string) {
    this.#turns = turns;
    this.#owner = owner;
  }

  /** Begins it now or when its turn comes; or says which limit keeps it from either. */
  enter(turn: Turn): string | undefined {
    const held = this.#turns.heldOf(this.#owner);
    const refusal = this.#refusal(turn, held);
    if (refusal !== undefined) {
      this.#turns.refused += 1;
      return refusal;
    }
    if (this.#isFull) held.waiting += 1;
    held.bytes += turn.byteLength;
    held.requests += 1;
    if (this.#size === 0) this.#turns.busySessions += 1;
    this.#size += 1;
    if (this.#waiting.length === 0 && !this.#isBusy && held.running < AT_ONCE) {
      this.#begin(turn, held);
    } else {
      this.#waiting.push(turn);
      this.#turns.queue(this);
    }
    return undefined;
  }

  /** It is answered, or given up while it waited. */
  leave(turn: Turn): void {
    const held = this.#turns.heldOf(this.#owner);
    this.#size -= 1;
    if (this.#size === 0) this.#turns.busySessions -= 1;
    if (this.#isFull) held.waiting -= 1;
    held.bytes -= turn.byteLength;
    held.requests -= 1;
    if (held.requests === 0) this.#turns.forget(this.#owner);
    if (turn.hasBegun) {
      this.#running -= 1;
      held.running -= 1;
    } else this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    if (this.#waiting.length > 0) this.#turns.queue(this);
  }

  /** Begins the one that has waited for longest; false where none may begin. */
  beginNext(): boolean {
    const turn = this.#isBusy ? undefined : this.#waiting.shift();
    if (turn === undefined) return false;
    if (this.#waiting.length > 0) this.#turns.queue(this);
    this.#begin(turn, this.#turns.heldOf(this.#owner));
    return true;
  }

  get #isBusy(): boolean {
    return this.#running >= this.#turns.limits.maxInFlight;
  }

  get #isFull(): boolean {
    return this.#size >= this.#turns.limits.maxInFlight;
  }

  #begin(turn: Turn, held: Held): void {
    turn.hasBegun = true;
    this.#running += 1;
    held.running += 1;
    turn.begin();
  }

  #refusal({ byteLength }: Turn, held: Held): string | undefined {
    const { maxInFlight, maxWaiting, maxHeldBytes } = this.#turns.limits;
    if (this.#isFull && held.waiting >= maxWaiting) {
      const waiting = maxWaiting === 0 ? '' : ` and ${String(maxWaiting)} more that wait`;
      return `This client has ${String(maxInFlight)} requests in flight${waiting}, which is its limit. Wait for an answer, then send again.`;
    }
    if (this.#size === 0 || held.bytes + byteLength <= maxHeldBytes) return undefined;
    return `The requests of this client that are not answered yet hold ${String(maxHeldBytes)} bytes, which is its limit. Wait for an answer, then send again.`;
  }
}

/** Whose requests are counted together. */
function ownerOf({ agent, user }: Identity): string {
  return canonicalJson([agent.id, [...agent.delegated_by], user.id]);
}
