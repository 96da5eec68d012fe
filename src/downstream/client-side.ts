import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { LogLevel } from '../core/protocol.ts';
import type { RpcFailure, RpcResult } from '../core/rpc.ts';
import type { Ask, Audience } from '../gateway/port.ts';
import { notificationText } from './answer.ts';
import { isAskable } from './askable.ts';
import { ClientQuestions, type Road } from './client-questions.ts';
import { isWantedLog } from './in-flight.ts';
import { ListChanges } from './list-changes.ts';
import type { Outlet } from './outlet.ts';

export interface ClientSideOptions {
  /** Sends a message that belongs to no request. */
  readonly announce: (text: string) => void;
  /** Whether what is announced reaches the client now. */
  readonly isListening: () => boolean;
  /** As many questions may be open as requests. */
  readonly maxInFlight: number;
  readonly logger: Logger;
}

/** What clients hear that never said what they want (2025-11-25, Logging). */
const USUAL_LOG_LEVEL: LogLevel = 'info';

/** What the client of a session is told and asked, beside the answers to its requests. */
export class ClientSide {
  logLevel: LogLevel = USUAL_LOG_LEVEL;
  readonly #options: ClientSideOptions;
  #capabilities: JsonObject = {};
  #questions: ClientQuestions | undefined = undefined;
  #changes: ListChanges | undefined = undefined;
  #hasClosed = false;

  constructor(options: ClientSideOptions) {
    this.#options = options;
  }

  /** From now on the client can do what it has declared. */
  meet(capabilities: JsonObject): void {
    this.#capabilities = capabilities;
  }

  tell(method: string, params?: JsonObject): void {
    this.#options.announce(notificationText(method, params));
  }

  /** What the gateway tells and asks outside of requests. */
  audience(): Audience {
    const { announce: send, isListening } = this.#options;
    const changes = new ListChanges((list) => this.tell(`notifications/${list}/list_changed`));
    this.#changes = changes;
    return {
      listChanged: (list) => changes.note(list),
      notify: (method, params) => {
        if (method !== 'notifications/message' || isWantedLog(params, this.logLevel)) this.tell(method, params);
      },
      logLevel: () => this.logLevel,
      ask: this.#askOn({ send, isListening }),
    };
  }

  /** Questions that belong to a request take its road, and the standing one where that takes nothing but the answer. */
  askOver(outlet: Outlet): Ask {
    if (!isAskable(this.#capabilities)) return this.#refuse;
    const { announce, isListening } = this.#options;
    let isOpen = true;
    const send = (text: string): void => {
      isOpen &&= outlet.send(text);
      if (!isOpen) announce(text);
    };
    return this.#askOn({ send, isListening: () => isOpen || isListening() });
  }

  settle(answer: RpcResult | RpcFailure): void {
    this.#asked().settle(answer);
  }

  /** The client says how it gets along with what it was asked. */
  progress(params: JsonObject): void {
    this.#questions?.progress(params);
  }

  close(): void {
    this.#hasClosed = true;
    this.#changes?.stop();
    this.#questions?.close();
  }

  /** One for all requests of clients that answer no questions; each question finds that out by itself. */
  readonly #refuse: Ask = (question, signal) => this.#asked().ask(question, signal, NO_ROAD);

  #askOn(road: Road): Ask {
    return (question, signal, onProgress) => {
      return this.#asked().ask(question, signal, onProgress === undefined ? road : { ...road, onProgress });
    };
  }

  #asked(): ClientQuestions {
    const { maxInFlight: maxOpen, logger } = this.#options;
    this.#questions ??= new ClientQuestions({ capabilities: this.#capabilities, maxOpen, logger });
    if (this.#hasClosed) this.#questions.close();
    return this.#questions;
  }
}

const NO_ROAD: Road = { send: () => undefined, isListening: () => true };
