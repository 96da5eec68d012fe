import type { ListName } from '../core/protocol.ts';
import type { RpcNotification } from '../core/rpc.ts';
import type { InstanceOf } from '../upstream/instance-host.ts';
import type { Instances } from './instances.ts';
import { isHeardFrom, newsIn } from './notices.ts';
import type { Audience, Caller } from './port.ts';

/** Somebody who can be told what belongs to no request. */
export interface Listener {
  readonly caller: Caller;
  readonly audience: Audience;
}

/** Those who listen now, and what reaches whom. */
export class Audiences {
  readonly #listeners = new Set<Listener>();

  /** Returns the way to stop. */
  attend(caller: Caller, audience: Audience): () => void {
    const listener: Listener = { caller, audience };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  listChanged(list: ListName): void {
    for (const { audience } of this.#listeners) audience.listChanged(list);
  }

  /** Passes on what a server says outside of any request, to those whose instance says it. */
  relay(from: InstanceOf, notification: RpcNotification, instances: Instances): void {
    for (const listener of this.#of(from, instances)) pass(notification, listener);
  }

  /** As `relay`, where it is known whom the server means. */
  relayTo(session: string, notification: RpcNotification): void {
    for (const listener of this.#listeners) if (listener.caller.session === session) pass(notification, listener);
  }

  /** The one session to which an instance belongs, and how it can be asked; undefined where it is not one. */
  whose(from: InstanceOf, instances: Instances): Listener | undefined {
    const listeners = this.#of(from, instances);
    const sessions = new Set(listeners.map(({ caller }) => caller.session));
    if (sessions.size !== 1) return undefined;
    return listeners.find(({ audience }) => audience.ask !== undefined) ?? listeners[0];
  }

  /** The newest first: a client that comes back hears there. */
  #of({ upstream }: InstanceOf, instances: Instances): readonly Listener[] {
    const sessions = instances.sessionsOf(upstream);
    return [...this.#listeners].filter(({ caller }) => sessions.has(caller.session)).toReversed();
  }
}

function pass(notification: RpcNotification, { audience }: Listener): void {
  if (isHeardFrom(notification, audience.logLevel())) audience.notify(notification.method, newsIn(notification));
}
