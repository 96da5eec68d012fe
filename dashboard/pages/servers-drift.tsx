import type { JSX } from 'preact';
import type { ToolView } from '../../src/dashboard/api-connected.ts';
import { Badge } from '../parts/badge.tsx';
import { DiffView } from '../parts/diff-view.tsx';
import { TOOL_STATE_WORDS } from '../words/plain.ts';

const WHAT_IT_MEANS = {
  new: 'The server offers it now and did not when its tools were accepted.',
  changed: 'It is not what was accepted. Read what it says now: an agent reads it too, and may do what it says.',
  gone: 'The server does not offer it any more.',
} as const;

/** What is other than it was accepted, line by line. */
export function ToolDrift({ tool, onAccept }: { tool: ToolView; onAccept: (() => void) | undefined }): JSX.Element {
  const { name, state, changes } = tool;
  return (
    <section class="drift" aria-label={`${name}: ${TOOL_STATE_WORDS[state]}`}>
      <div class="drift-head">
        <Badge tone="pending">{TOOL_STATE_WORDS[state]}</Badge>
        <strong>
          <code>{name}</code>
        </strong>
        {onAccept !== undefined && (
          <button type="button" onClick={onAccept}>
            Accept …
          </button>
        )}
      </div>
      {(state === 'new' || state === 'changed' || state === 'gone') && <p class="muted">{WHAT_IT_MEANS[state]}</p>}
      {changes.map(({ pointer, before, after }) => (
        <div key={pointer}>
          <p class="pointer">
            <code>{pointer === '' ? 'the whole tool' : pointer}</code>
          </p>
          <DiffView before={before} after={after} label={`What changed at ${pointer} of ${name}`} />
        </div>
      ))}
    </section>
  );
}
