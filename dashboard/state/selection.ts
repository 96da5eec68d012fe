import { useEffect, useState } from 'preact/hooks';
import { useKeys } from './keys.ts';

/**
 * Which of a list's things is chosen: j and k go down and up. The element `<prefix>-<key>` of the chosen one is focused,
 * so that a screen reader follows and the browser brings it into view.
 */
export function useSelection(keys: readonly string[], prefix: string): string | undefined {
  const [chosen, setChosen] = useState<string>();
  const present = chosen !== undefined && keys.includes(chosen) ? chosen : undefined;
  const move = (step: number): void => {
    const at = present === undefined ? (step > 0 ? -1 : keys.length) : keys.indexOf(present);
    const next = keys[Math.min(keys.length - 1, Math.max(0, at + step))];
    setChosen(next);
    if (next !== undefined) document.getElementById(`${prefix}-${next}`)?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  // Whoever comes with Tab or the mouse chooses as well.
  useEffect(() => {
    const follow = ({ target }: FocusEvent): void => {
      const id = target instanceof Element ? (target.closest(`[id^="${prefix}-"]`)?.id ?? '') : '';
      if (id !== '') setChosen(id.slice(prefix.length + 1));
    };
    addEventListener('focusin', follow);
    return () => removeEventListener('focusin', follow);
  }, [prefix]);
  return present;
}
