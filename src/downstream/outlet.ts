/** Where one request is answered. */
export interface Outlet {
  /** Passes on advice that belongs to the request and comes before its answer; left out where the client does not read. */
  notify(text: string): void;
  /** Sends what must arrive, ahead of the answer. False where this road takes nothing but the answer. */
  send(text: string): boolean;
  /** The answer; undefined where there is none, because the client has cancelled. Called once. */
  end(text: string | undefined, errorCode?: number): void;
}
