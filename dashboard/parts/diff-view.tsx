import type { JSX } from 'preact';
import { diffLines } from '../words/diff.ts';

const SIGNS = { same: ' ', before: '−', after: '+' } as const;
const WORDS = { same: '', before: 'Before: ', after: 'Now: ' } as const;

interface DiffViewProps {
  readonly before: string;
  readonly after: string;
  /** What is compared, for those who hear it. */
  readonly label: string;
}

/** Two texts line by line: what went is struck with −, what came is marked with +. */
export function DiffView({ before, after, label }: DiffViewProps): JSX.Element {
  return (
    <div class="diff" role="group" aria-label={label}>
      {diffLines(before, after).map(({ kind, text }, index) => (
        <div key={index} class={`diff-line diff-line--${kind}`}>
          <span aria-hidden="true">{SIGNS[kind]}</span>
          <span>
            <span class="unseen">{WORDS[kind]}</span>
            {text}
          </span>
        </div>
      ))}
    </div>
  );
}
