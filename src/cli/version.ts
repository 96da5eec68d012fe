import { readFileSync } from 'node:fs';
import { packageUrl } from '../core/package-url.ts';

/** The version of the package, as npm knows it. */
export const VERSION = versionIn(readFileSync(packageUrl('package.json', import.meta.url), 'utf8'));

function versionIn(text: string): string {
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
