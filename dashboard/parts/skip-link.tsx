import type { JSX } from 'preact';

/** The first thing that Tab reaches. The part after `#` is the page, so it cannot be a plain link. */
export function SkipLink(): JSX.Element {
  const skip = (event: Event): void => {
    event.preventDefault();
    document.getElementById('main')?.focus();
  };
  return (
    <a class="skip" href="#main" onClick={skip}>
      Skip to the page
    </a>
  );
}
