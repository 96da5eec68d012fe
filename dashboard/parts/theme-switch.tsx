import type { JSX } from 'preact';
import { chooseTheme, theme, type Theme } from '../state/theme.ts';
import { Icon, type IconName } from './icon.tsx';

const CHOICES: readonly { readonly value: Theme; readonly name: string; readonly icon: IconName }[] = [
  { value: 'system', name: 'As the system', icon: 'screen' },
  { value: 'light', name: 'Light', icon: 'sun' },
  { value: 'dark', name: 'Dark', icon: 'moon' },
];

export function ThemeSwitch(): JSX.Element {
  return (
    <fieldset class="switch">
      <legend class="unseen">Colours</legend>
      {CHOICES.map(({ value, name, icon }) => (
        <label key={value} title={name}>
          <input type="radio" name="theme" checked={theme.value === value} onChange={() => chooseTheme(value)} />
          <Icon name={icon} />
          <span class="unseen">{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
