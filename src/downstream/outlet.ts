import type { Road } from '../core/observer.ts';

/** Where one request is answered. */
export interface Outlet {
  /** The road that the request came on; absent where it is a pipe. */
  readonly road?: Road | undefined;
  /** Passes on advice that belongs to the request and comes before its answer; left out where the client does not read. */
  notify(text: string): void;
  /** Sends what must arrive, ahead of the answer. False where this road takes nothing but the answer. */
  send(text: string): boolean;
  /** The answer; undefined where there is none, because the client has cancelled. Called once. */
  end(text: string | undefined, facts?: EndFacts): void;
}

/** What of an answer a road may say in its own way, too. */
export interface EndFacts {
  readonly errorCode?: number | undefined;
  /** With a token that has these scopes it would not be refused. */
  readonly scopes?: readonly string[] | undefined;
}
