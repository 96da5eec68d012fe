import { useEffect, useState } from 'preact/hooks';
import type { DecisionRow } from '../../src/dashboard/api.ts';
import { announce } from './announce.ts';
import { loadSession } from './session.ts';

export type LiveState = 'off' | 'connecting' | 'on';

/** More rows than these nobody reads; the list below has the others. */
const MOST_ROWS = 200;
/** A screen reader is told of a crowd at most this often. */
const SAY_EVERY_MS = 5000;

/** Decisions as they are made, newest first, while `isOn`. */
export function useLive(parameters: string, isOn: boolean): { state: LiveState; rows: readonly DecisionRow[] } {
  const [state, setState] = useState<LiveState>('off');
  const [rows, setRows] = useState<readonly DecisionRow[]>([]);
  useEffect(() => {
    setRows([]);
    if (!isOn) return setState('off');
    setState('connecting');
    const stream = new EventSource(`api/decisions/stream?${parameters}`);
    let unsaid = 0;
    const take = ({ data }: MessageEvent<string>): void => {
      const row = JSON.parse(data) as DecisionRow;
      unsaid += 1;
      setRows((before) => (before.some(({ id }) => id === row.id) ? before : [row, ...before].slice(0, MOST_ROWS)));
    };
    stream.addEventListener('open', () => setState('on'));
    stream.addEventListener('message', take);
    stream.addEventListener('decision', take);
    stream.addEventListener('error', () => {
      setState('connecting');
      // The browser says nothing of why. Asking who looks tells a restart from a short gap, which it mends itself.
      void loadSession();
    });
    const timer = window.setInterval(() => {
      if (unsaid > 0) announce(`${unsaid} new ${unsaid === 1 ? 'decision' : 'decisions'}`);
      unsaid = 0;
    }, SAY_EVERY_MS);
    return () => {
      stream.close();
      window.clearInterval(timer);
    };
  }, [parameters, isOn]);
  return { state, rows };
}
