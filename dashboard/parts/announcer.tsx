import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { announcement } from '../state/announce.ts';

const SHOWN_MS = 4000;

/** Says what just happened, to the eye and to a screen reader, and takes no focus. */
export function Announcer(): JSX.Element {
  const { text, count } = announcement.value;
  const [shown, setShown] = useState(0);
  useEffect(() => {
    if (text === '') return;
    setShown(count);
    const timer = window.setTimeout(() => setShown(0), SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [count]);
  return (
    <div class="announcer" role="status" aria-live="polite">
      {shown === count && text !== '' && <p key={count}>{text}</p>}
    </div>
  );
}
