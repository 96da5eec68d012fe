import type { JSX } from 'preact';
import { Page } from '../parts/page.tsx';

export function UnknownPage(): JSX.Element {
  return (
    <Page title="There is no such page" about="The address may be cut off, or from another version.">
      <p>
        <a href="#/">To the overview</a>
      </p>
    </Page>
  );
}
