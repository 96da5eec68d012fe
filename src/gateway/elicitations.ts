/** How many are remembered; a user who was sent away and comes back later than that finishes unheard. */
const KEPT = 1000;

/** Which session was sent to the address of which elicitation in URL mode (MCP 2025-11-25, client/elicitation). */
export class Elicitations {
  readonly #sessions = new Map<string, string>();

  note(server: string, elicitationId: string, session: string): void {
    this.#sessions.set(keyOf(server, elicitationId), session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > KEPT && oldest !== undefined) this.#sessions.delete(oldest);
  }

  sessionOf(server: string, elicitationId: string): string | undefined {
    return this.#sessions.get(keyOf(server, elicitationId));
  }
}

function keyOf(server: string, elicitationId: string): string {
  return `${server}\n${elicitationId}`;
}
