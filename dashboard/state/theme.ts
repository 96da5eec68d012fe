import { signal } from '@preact/signals';
import { kept, keep } from './keep.ts';

export type Theme = 'system' | 'light' | 'dark';

/** `system` follows the setting of the computer. */
export const theme = signal<Theme>(readTheme());

function readTheme(): Theme {
  const value = kept(localStorage, 'theme');
  return value === 'light' || value === 'dark' ? value : 'system';
}

export function chooseTheme(choice: Theme): void {
  theme.value = choice;
  keep(localStorage, { name: 'theme', value: choice === 'system' ? '' : choice });
  showTheme();
}

export function showTheme(): void {
  if (theme.value === 'system') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', theme.value);
}
