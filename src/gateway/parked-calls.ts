import { randomUUID } from 'node:crypto';

import { GatewayError } from '../core/errors.ts';
import type { OutcomeStatus } from '../core/record.ts';
import { RPC, type RpcAnswer } from '../core/rpc.ts';
import { Stop, type StopSignal } from '../core/stop.ts';
import type { Ended, Forwarding, ParkingLimits } from './dialogue.ts';
import type { Questions } from './input-required.ts';
import type { ServerQuestion } from './port.ts';

/** Ten minutes for a person to answer; what waits costs little, but not nothing. */
export const PARKING: ParkingLimits = { lifeMs: 600_000, perPrincipal: 16, inAll: 256, gatherMs: 10 };

/** What came next in a running call. */
export type Step =
  | { readonly kind: 'answered'; readonly answer: RpcAnswer }
  | { readonly kind: 'asks'; readonly questions: Questions };

type End =
  | { readonly kind: 'answered'; readonly answer: RpcAnswer }
  | { readonly kind: 'rejected'; readonly thrown: unknown };

interface Waiting {
  readonly question: ServerQuestion;
  readonly resolve: (answer: RpcAnswer) => void;
}

/**
 * A call of a stateless client at a server in a session: when the server asks something, the client is answered, and the
 * call goes on running here until the client comes back with answers.
 */
export class TalkingCall {
  readonly id: string = randomUUID();
  readonly principal: string;
  /** The request that it goes on for: the last one of its client. */
  forwarding: Forwarding;
  readonly #stop = new Stop();
  readonly #waiting = new Map<string, Waiting>();
  #asked = 0;
  #deciding = 0;
  #end: End | undefined;
  #changed: () => void = () => undefined;

  constructor(principal: string, forwarding: Forwarding) {
    this.principal = principal;
    this.forwarding = forwarding;
  }

  /** Aborts when the call is given up. */
  get signal(): StopSignal {
    return this.#stop;
  }

  /** Sends the call; `send` is told to stop by `signal`. */
  start(send: () => Promise<RpcAnswer>): void {
    send().then(
      (answer) => this.#finish({ kind: 'answered', answer }),
      (thrown: unknown) => this.#finish({ kind: 'rejected', thrown }),
    );
  }

  /**
   * The server asks. `admit` decides whether the client may hear it; other questions of the call are waited for until
   * that is known. Resolves with the client's answer, or with an error where there will be none.
   */
  async ask(admit: () => Promise<ServerQuestion | RpcAnswer>, signal: AbortSignal): Promise<RpcAnswer> {
    this.#deciding += 1;
    const admitted = await admit().finally(() => (this.#deciding -= 1));
    if ('kind' in admitted) {
      this.#changed();
      return admitted;
    }
    if (this.#end !== undefined || signal.aborted) {
      this.#changed();
      return NOBODY_ANSWERS;
    }
    this.#asked += 1;
    const key = `${admitted.method.split('/')[0]}-${this.#asked}`;
    const answer = new Promise<RpcAnswer>((resolve) => this.#waiting.set(key, { question: admitted, resolve }));
    signal.addEventListener('abort', () => this.deliver(key, NOBODY_ANSWERS), { once: true });
    this.#changed();
    return answer;
  }

  /** What the server waits for. */
  get questions(): Questions {
    return Object.fromEntries([...this.#waiting].map(([key, { question }]) => [key, question]));
  }

  /** Gives the server an answer; one that it does not wait for is dropped. */
  deliver(key: string, answer: RpcAnswer): void {
    this.#waiting.get(key)?.resolve(answer);
    this.#waiting.delete(key);
  }

  /** Waits until the call has ended or asks something. Rejects as the call did. */
  async next(gatherMs: number): Promise<Step> {
    for (;;) {
      const end = this.#end;
      if (end?.kind === 'answered') return end;
      if (end?.kind === 'rejected') throw end.thrown;
      if (this.#waiting.size > 0 && this.#deciding === 0) {
        await this.#changeWithin(gatherMs);
        if (this.#end === undefined && this.#waiting.size > 0 && this.#deciding === 0) {
          return { kind: 'asks', questions: this.questions };
        }
        continue;
      }
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /** How the call ended, where it has. */
  get endedAs(): OutcomeStatus | undefined {
    if (this.#end === undefined) return undefined;
    if (this.#end.kind === 'rejected') return 'unknown';
    const { answer } = this.#end;
    if (answer.kind === 'failure') return 'protocol_error';
    return answer.result['isError'] === true ? 'tool_error' : 'ok';
  }

  /** Gives the call up: the server is told, and its questions get no answer. */
  cancel(): void {
    this.#stop.stop(new GatewayError('CANCELLED', 'the call was given up'));
    for (const key of this.#waiting.keys()) this.deliver(key, NOBODY_ANSWERS);
  }

  #finish(end: End): void {
    this.#end = end;
    for (const key of this.#waiting.keys()) this.deliver(key, NOBODY_ANSWERS);
    this.#changed();
  }

  #changeWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const NOBODY_ANSWERS: RpcAnswer = {
  kind: 'failure',
  error: { code: RPC.internalError, message: 'Nobody answers this any more.' },
};

interface Parked {
  readonly call: TalkingCall;
  readonly round: number;
  readonly startedMs: number;
  readonly timer: NodeJS.Timeout;
  readonly tell: (ended: Ended) => void;
}

interface Parking {
  readonly round: number;
  /** Milliseconds on the monotonic clock. */
  readonly startedMs: number;
}

/** The calls that wait for their stateless clients: capped, each for a limited time, each taken up once a round. */
export class ParkedCalls {
  readonly #limits: ParkingLimits;
  readonly #now: () => number;
  readonly #parked = new Map<string, Parked>();
  /** Calls whose server has asked something; they count against the caps until they are over. */
  readonly #admitted = new Set<TalkingCall>();

  constructor(limits: ParkingLimits, monotonic: () => number) {
    this.#limits = limits;
    this.#now = monotonic;
  }

  /** Whether one more question of this call may wait for a client. */
  admit(call: TalkingCall): boolean {
    if (this.#admitted.has(call)) return true;
    const own = [...this.#admitted].filter(({ principal }) => principal === call.principal).length;
    if (own >= this.#limits.perPrincipal || this.#admitted.size >= this.#limits.inAll) return false;
    this.#admitted.add(call);
    return true;
  }

  /** Lets the call wait for its client. Resolves when the client has come back, or the call was given up. */
  park(call: TalkingCall, { round, startedMs }: Parking): Promise<Ended> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#drop(call.id, 'timeout'), this.#limits.lifeMs);
      // What waits for a client keeps no process alive.
      timer.unref();
      this.#parked.set(call.id, { call, round, startedMs, timer, tell: resolve });
    });
  }

  holds(id: string, round: number): boolean {
    return this.#parked.get(id)?.round === round;
  }

  /** The client has come back; undefined where the call is not there, or went on meanwhile. */
  take(id: string, round: number): TalkingCall | undefined {
    if (!this.holds(id, round)) return undefined;
    return this.#remove(id, 'ok');
  }

  /** The call is over, or never asked again. */
  forget(call: TalkingCall): void {
    this.#admitted.delete(call);
  }

  close(): void {
    for (const id of this.#parked.keys()) this.#drop(id, 'cancelled');
  }

  #drop(id: string, status: OutcomeStatus): void {
    const call = this.#parked.get(id)?.call;
    if (call === undefined) return;
    this.#remove(id, call.endedAs ?? status);
    this.forget(call);
    call.cancel();
  }

  #remove(id: string, status: OutcomeStatus): TalkingCall | undefined {
    const parked = this.#parked.get(id);
    if (parked === undefined) return undefined;
    this.#parked.delete(id);
    clearTimeout(parked.timer);
    parked.tell({ status, ms: this.#now() - parked.startedMs });
    return parked.call;
  }
}
