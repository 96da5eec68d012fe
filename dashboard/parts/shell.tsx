import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { address } from '../state/route.ts';
import { session } from '../state/session.ts';
import { personWords } from '../words/plain.ts';
import { shortHash } from '../words/numbers.ts';
import { Announcer } from './announcer.tsx';
import { Icon } from './icon.tsx';
import { KeysHelp } from './keys-help.tsx';
import { Navigation } from './navigation.tsx';
import { SkipLink } from './skip-link.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { TroubleNote } from './trouble-note.tsx';

/** What stands around every page. */
export function Shell({ children }: { children: ComponentChildren }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const here = address.value.path.join('/');
  useEffect(() => setOpen(false), [here]);
  return (
    <>
      <SkipLink />
      <div class="shell">
        <header class="side" data-open={isOpen}>
          <div class="brand">
            <a href="#/" aria-label="mcp-gateway, overview">
              <img src="./icon.svg" alt="" width="28" height="28" />
              <span>mcp-gateway</span>
            </a>
            <button
              type="button"
              class="menu"
              aria-expanded={isOpen}
              aria-controls="menu"
              onClick={() => setOpen(!isOpen)}
            >
              <Icon name="menu" />
              Menu
            </button>
          </div>
          <div id="menu" class="side-body">
            <Navigation />
            <div class="side-foot">
              <Who />
              <ThemeSwitch />
              <KeysHelp />
            </div>
          </div>
        </header>
        <main id="main" tabIndex={-1}>
          <TroubleNote />
          {children}
        </main>
      </div>
      <Announcer />
    </>
  );
}

function Who(): JSX.Element | null {
  const view = session.value;
  if (view === undefined) return null;
  return (
    <p class="who">
      Signed in as <strong>{personWords(view.person)}</strong>
      <br />
      <span class="muted">
        version {view.version}, policy {shortHash(view.generation)}
      </span>
    </p>
  );
}
