import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** Milliseconds since the epoch. The pages ask the time here only. */
export function nowMs(): number {
  return Date.now();
}

const second = signal(nowMs());
let watchers = 0;
let timer: number | undefined;

/** The time, anew each second while something on the page shows it. */
export function useSeconds(): number {
  useEffect(() => {
    watchers += 1;
    timer ??= window.setInterval(() => (second.value = nowMs()), 1000);
    return () => {
      watchers -= 1;
      if (watchers > 0) return;
      window.clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return second.value;
}
