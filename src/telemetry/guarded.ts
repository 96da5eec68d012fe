import type { Observation, Observer, Sending } from '../core/observer.ts';

/**
 * An observer that does not throw, whatever the one behind it does: what cannot be watched goes on unwatched, as it would
 * where nobody watches. `onFault` is told the first time only, because a fault of this kind comes with every request.
 */
export function guarded(observer: Observer, onFault: (thrown: unknown) => void): Observer {
  let hasTold = false;
  const safely = <T>(watch: () => T, otherwise: T): T => {
    try {
      return watch();
    } catch (thrown) {
      if (!hasTold) onFault(thrown);
      hasTold = true;
      return otherwise;
    }
  };
  return {
    begin: (request) => safely(() => guardedObservation(observer.begin(request), safely), UNWATCHED),
    recorded: (record) => safely(() => observer.recorded(record), undefined),
    notRecorded: () => safely(() => observer.notRecorded(), undefined),
    sessionEnded: (session) => safely(() => observer.sessionEnded(session), undefined),
    serverSessionEnded: (server, session) => safely(() => observer.serverSessionEnded(server, session), undefined),
    restarted: (server) => safely(() => observer.restarted(server), undefined),
  };
}

type Safely = <T>(watch: () => T, otherwise: T) => T;

function guardedObservation(observation: Observation, safely: Safely): Observation {
  return {
    traceId: observation.traceId,
    ruled: () => safely(() => observation.ruled(), undefined),
    decided: (record, isPinned) => safely(() => observation.decided(record, isPinned), undefined),
    forward: (server) => safely(() => guardedSending(observation.forward(server), safely), NOT_FOLLOWED),
    end: (answer) => safely(() => observation.end(answer), undefined),
  };
}

function guardedSending(sending: Sending, safely: Safely): Sending {
  return {
    context: sending.context,
    end: (status, answer) => safely(() => sending.end(status, answer), undefined),
  };
}

const nothing = (): void => undefined;
const NOT_FOLLOWED: Sending = { context: undefined, end: nothing };
const UNWATCHED: Observation = {
  traceId: '',
  ruled: nothing,
  decided: nothing,
  forward: () => NOT_FOLLOWED,
  end: nothing,
};
