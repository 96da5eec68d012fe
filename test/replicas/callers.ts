import { setTimeout as wait } from 'node:timers/promises';
import { ask, tool } from '../downstream/http-client.ts';

/** The texts of all calls of `write`, each in one of them. */
export interface Tally {
  readonly answered: readonly string[];
  /** Of which the client cannot know whether they were done: a broken connection, or a proxy that says so. */
  readonly lost: readonly string[];
  /** Refused or failed, with what was said. */
  readonly refused: readonly string[];
}

export const CALLERS = 2;
/** Milliseconds, so that others have the machine too. */
const BETWEEN_CALLS = 20;

/** Clients of 2026-07-28 that call `write` over and over, each call with a text of its own, until they are stopped. */
export function keepCalling(url: string): () => Promise<Tally> {
  const answered: string[] = [];
  const lost: string[] = [];
  const refused: string[] = [];
  const over = new AbortController();
  const callOnce = async (text: string): Promise<void> => {
    try {
      const response = await ask(url, tool('write', { text }));
      const said = await response.text();
      if (response.status === 502) lost.push(text);
      else if (response.status === 200 && said.includes('"text":"written"')) answered.push(text);
      else refused.push(`${text}: ${response.status} ${said}`);
    } catch {
      lost.push(text);
    }
  };
  const caller = async (name: string): Promise<void> => {
    for (let round = 0; !over.signal.aborted; round += 1) {
      await callOnce(`${name}.${round}`);
      await wait(BETWEEN_CALLS);
    }
  };
  const callers = Array.from({ length: CALLERS }, (_, index) => caller(`${index}`));
  return async () => {
    over.abort();
    await Promise.all(callers);
    return { answered, lost, refused };
  };
}
