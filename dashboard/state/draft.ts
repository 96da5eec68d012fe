import { useState } from 'preact/hooks';
import { keep, kept } from './keep.ts';

/**
 * What somebody is typing: it is still there after the page was loaded anew or left, for instance to sign in again. An
 * empty text, and the one it began with, forget it.
 */
export function useDraft(name: string, initial = ''): readonly [string, (value: string) => void] {
  const key = `draft/${name}`;
  const [value, setValue] = useState(() => kept(sessionStorage, key) || initial);
  const change = (next: string): void => {
    setValue(next);
    keep(sessionStorage, { name: key, value: next === initial ? '' : next });
  };
  return [value, change];
}
