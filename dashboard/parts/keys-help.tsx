import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { useKeys } from '../state/keys.ts';
import { goTo } from '../state/route.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['?', 'Show these keys'],
  ['/', 'Go to the search'],
  ['j k', 'Next, previous in a list'],
  ['Enter', 'Open what is chosen'],
  ['a', 'Approve the chosen request'],
  ['d', 'Deny the chosen request'],
  ['o', 'Overview'],
  ['l', 'List of decisions'],
  ['i', 'Inbox of approvals'],
  ['Esc', 'Close what is open'],
];

/** The keys, and the button that shows them. */
export function KeysHelp(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const show = (): void => dialog.current?.showModal();
  useKeys({
    '?': show,
    '/': () => document.querySelector<HTMLInputElement>('input[type="search"]')?.focus(),
    o: () => goTo('#/'),
    l: () => goTo('#/decisions'),
    i: () => goTo('#/approvals'),
  });
  return (
    <>
      <button type="button" class="quiet keys-button" onClick={show}>
        <kbd>?</kbd> Keys
      </button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <dl class="keys">
          {KEYS.map(([key, words]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
        <form method="dialog" class="actions">
          <button type="submit">Close</button>
        </form>
      </dialog>
    </>
  );
}
