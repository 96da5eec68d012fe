import { useState } from 'preact/hooks';
import type { Failure } from '../../src/dashboard/api.ts';
import { announce } from './announce.ts';
import { failureOf } from './load.ts';
import { change } from './session.ts';

export interface Act<Answer> {
  readonly answer: Answer | undefined;
  readonly failure: Failure | undefined;
  readonly isBusy: boolean;
  /** Says whether it was done. `body` is JSON text. */
  readonly run: (path: string, body: string, done: string) => Promise<boolean>;
}

/** Something that a person does: one at a time, its failure beside it, its success said aloud. */
export function useAct<Answer = unknown>(): Act<Answer> {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const [answer, setAnswer] = useState<Answer>();
  const run = async (path: string, body: string, done: string): Promise<boolean> => {
    if (isBusy) return false;
    setBusy(true);
    setFailure(undefined);
    try {
      setAnswer(await change<Answer>(path, body));
      announce(done);
      return true;
    } catch (error) {
      setFailure(failureOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { answer, failure, isBusy, run };
}
