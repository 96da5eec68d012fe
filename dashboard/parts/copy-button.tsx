import type { JSX } from 'preact';
import { announce } from '../state/announce.ts';
import { Icon } from './icon.tsx';

/** Puts a text into the clipboard; where the browser forbids it, says so and leaves it to the reader to select. */
export function CopyButton({ text, what }: { text: string; what: string }): JSX.Element {
  const copy = (): void => {
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'));
    copied.then(
      () => announce(`Copied: ${what}`),
      () => announce('This browser does not let the page copy: select the text and copy it by hand.'),
    );
  };
  return (
    <button type="button" class="quiet" onClick={copy} aria-label={`Copy ${what}`} title={`Copy ${what}`}>
      <Icon name="copy" />
    </button>
  );
}
