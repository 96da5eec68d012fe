import type { JSX } from 'preact';

interface ChoicesProps {
  readonly label: string;
  readonly choices: readonly { readonly name: string; readonly href: string; readonly isCurrent: boolean }[];
}

/** One of a few, each an address of its own. */
export function Choices({ label, choices }: ChoicesProps): JSX.Element {
  return (
    <nav class="choices" aria-label={label}>
      {choices.map(({ name, href, isCurrent }) => (
        <a key={name} href={href} aria-current={isCurrent ? 'true' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}
