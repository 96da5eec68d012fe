import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Failure } from '../../src/dashboard/api.ts';
import { ask, Refusal } from './api.ts';
import { noteTrouble, session } from './session.ts';

export interface Loaded<View> {
  /** The newest answer; while the next is under way, and when it fails, the one before it. */
  readonly view: View | undefined;
  readonly failure: Failure | undefined;
  readonly isLoading: boolean;
  readonly again: () => void;
}

/** What the server says at `path`; asked anew when the path changes, and every `everyMs` while the tab is looked at. */
export function useLoad<View>(path: string, everyMs?: number): Loaded<View> {
  const [state, setState] = useState<Pick<Loaded<View>, 'view' | 'failure'>>({ view: undefined, failure: undefined });
  const [isLoading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((count) => count + 1), []);
  // After a new sign-in what could not be read can be.
  const csrf = session.value?.csrf;
  const last = useRef(path);

  useEffect(() => {
    const asked = new AbortController();
    const isOther = last.current !== path;
    last.current = path;
    setLoading(true);
    ask<View>(path, asked.signal)
      .then(
        (view) => setState({ view, failure: undefined }),
        (error: unknown) => {
          if (asked.signal.aborted) return;
          noteTrouble(error);
          setState(({ view }) => ({ view: isOther ? undefined : view, failure: failureOf(error) }));
        },
      )
      .finally(() => !asked.signal.aborted && setLoading(false));
    return () => asked.abort();
  }, [path, round, csrf]);

  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = window.setInterval(() => !document.hidden && again(), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);

  return { ...state, isLoading, again };
}

export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return error.failure;
  return { code: 'page', message: `This page failed: ${String(error)}`, mend: 'Load it again.' };
}
