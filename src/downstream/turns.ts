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

/** In one turn of the event loop so many requests of one session begin, and so many in all; the others wait for the next. */
const BEGIN_EACH = 8;
const BEGIN_IN_ALL = 32;
/** Of those that wait, one each of so many sessions begins in a turn: what came meanwhile is read in between. */
const CALLED_UP = 4;
/** For so many turns after another session began something. One that is alone begins more at once, which costs less. */
const CROWDED_TURNS = 256;

/**
 * Whose request begins when: sessions take turns, so that a thousand calls of one do not stand before the one call of
 * another. Without a crowd every request begins when it comes.
 */
export class Turns {
  readonly limits: TurnLimits;
  readonly #owners = new Map<string, Held>();
  readonly #queue: Lane[] = [];
  #begun = 0;
  #turn = 0;
  #isEnding = false;
  #lastLane: Lane | undefined = undefined;
  #crowdedUntil = 0;

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
    const held: Held = { waiting: 0, bytes: 0, requests: 0 };
    this.#owners.set(owner, held);
    return held;
  }

  forget(owner: string): void {
    this.#owners.delete(owner);
  }

  /** Whether one more of a lane may begin before this turn of the event loop is over. */
  hasRoom(lane: Lane): boolean {
    return this.#begun < BEGIN_IN_ALL && lane.begunIn(this.#turn) < BEGIN_EACH;
  }

  begin(lane: Lane, turn: Turn): void {
    if (lane !== this.#lastLane) this.#crowdedUntil = this.#turn + CROWDED_TURNS;
    this.#lastLane = lane;
    this.#begun += 1;
    lane.noteBegun(this.#turn);
    this.#endSoon();
    turn.begin();
  }

  queue(lane: Lane): void {
    if (lane.isQueued) return;
    lane.isQueued = true;
    this.#queue.push(lane);
    this.#endSoon();
  }

  #endSoon(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    this.#isEnding = false;
    this.#turn += 1;
    this.#begun = 0;
    const each = this.#turn < this.#crowdedUntil ? 1 : BEGIN_EACH;
    for (const lane of this.#queue.splice(0, CALLED_UP)) this.#callUp(lane, each);
    if (this.#queue.length > 0) this.#endSoon();
  }

  #callUp(lane: Lane, most: number): void {
    lane.isQueued = false;
    for (let called = 0; called < most; called += 1) {
      const turn = lane.next();
      if (turn === undefined) return;
      this.begin(lane, turn);
    }
    this.queue(lane);
  }
}

/** What of one principal is not answered yet. */
interface Held {
  /** Beyond what its sessions may have in flight. */
  waiting: number;
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
  #begun = 0;
  #lastTurn = -1;

  constructor(turns: Turns, owner: string) {
    this.#turns = turns;
    this.#owner = owner;
  }

  /** Begins it now or when its turn comes; or says which limit keeps it from either. */
  enter(turn: Turn): string | undefined {
    const held = this.#turns.heldOf(this.#owner);
    const refusal = this.#refusal(turn, held);
    if (refusal !== undefined) return refusal;
    if (this.#isFull) held.waiting += 1;
    held.bytes += turn.byteLength;
    held.requests += 1;
    this.#size += 1;
    if (this.#waiting.length === 0 && !this.#isBusy && this.#turns.hasRoom(this)) {
      this.#run(turn);
      this.#turns.begin(this, turn);
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
    if (this.#isFull) held.waiting -= 1;
    held.bytes -= turn.byteLength;
    held.requests -= 1;
    if (held.requests === 0) this.#turns.forget(this.#owner);
    if (turn.hasBegun) this.#running -= 1;
    else this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    if (this.#waiting.length > 0) this.#turns.queue(this);
  }

  /** Takes out the one whose turn it is; undefined where none may begin. */
  next(): Turn | undefined {
    const turn = this.#isBusy ? undefined : this.#waiting.shift();
    if (turn !== undefined) this.#run(turn);
    return turn;
  }

  begunIn(turn: number): number {
    return this.#lastTurn === turn ? this.#begun : 0;
  }

  noteBegun(turn: number): void {
    this.#begun = this.begunIn(turn) + 1;
    this.#lastTurn = turn;
  }

  get #isBusy(): boolean {
    return this.#running >= this.#turns.limits.maxInFlight;
  }

  get #isFull(): boolean {
    return this.#size >= this.#turns.limits.maxInFlight;
  }

  #run(turn: Turn): void {
    turn.hasBegun = true;
    this.#running += 1;
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
