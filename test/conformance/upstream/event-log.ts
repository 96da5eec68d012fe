import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';

interface Event {
  readonly id: string;
  readonly stream: string;
  readonly message: JSONRPCMessage;
}

/** The messages of one session, so that a stream that broke can be taken up where it ended. */
export class EventLog implements EventStore {
  #events: readonly Event[] = [];

  storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    const id = String(this.#events.length + 1);
    this.#events = [...this.#events, { id, stream, message }];
    return Promise.resolve(id);
  }

  getStreamIdForEventId(id: string): Promise<string | undefined> {
    return Promise.resolve(this.#events.find((event) => event.id === id)?.stream);
  }

  async replayEventsAfter(
    lastId: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const seen = this.#events.findIndex(({ id }) => id === lastId);
    const stream = this.#events[seen]?.stream;
    if (stream === undefined) throw new Error(`There is no event ${lastId}.`);
    const missed = this.#events.slice(seen + 1).filter((event) => event.stream === stream);
    // The priming event of a stream is stored too, and carries no message.
    for (const { id, message } of missed) if ('jsonrpc' in message) await send(id, message);
    return stream;
  }
}
