import type { JSX } from 'preact';
import { CopyButton } from './copy-button.tsx';

/** A command for the terminal; an empty one is not shown. */
export function Command({ line }: { line: string }): JSX.Element | null {
  if (line === '') return null;
  return (
    <span class="command">
      <code>{line}</code>
      <CopyButton text={line} what="the command" />
    </span>
  );
}
