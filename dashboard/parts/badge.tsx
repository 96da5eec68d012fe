import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'allow' | 'deny' | 'pending' | 'plain';

interface BadgeProps {
  readonly tone: Tone;
  readonly icon?: IconName;
  readonly children: ComponentChildren;
}

/** One word about a thing. The tone only underlines what the word says. */
export function Badge({ tone, icon, children }: BadgeProps): JSX.Element {
  return (
    <span class={`badge badge--${tone}`}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </span>
  );
}
