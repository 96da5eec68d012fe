import type { JSX } from 'preact';
import type { Effect } from '../../src/core/decision.ts';
import { EFFECT_WORDS } from '../words/plain.ts';
import { Icon } from './icon.tsx';

/** Colour, picture and word: nobody has to tell red from green. */
export function EffectBadge({ effect }: { effect: Effect }): JSX.Element {
  return (
    <span class={`badge badge--${effect}`}>
      <Icon name={effect} />
      {EFFECT_WORDS[effect]}
    </span>
  );
}
