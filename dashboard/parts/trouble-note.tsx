import type { JSX } from 'preact';
import { loadSession, trouble } from '../state/session.ts';
import { Command } from './command.tsx';
import { Icon } from './icon.tsx';

/** A tab that outlived its sign-in, or a gateway that is not there: what to do, and that nothing is lost. */
export function TroubleNote(): JSX.Element | null {
  const refusal = trouble.value;
  if (refusal === undefined) return null;
  const { message, mend } = refusal.failure;
  const isStranger = refusal.status === 401;
  // With a provider there is a page to sign in at; without one, a command that prints a link.
  const hasProvider = mend.includes('/api/oidc');
  return (
    <div class="note note--pending" role="alert">
      <Icon name="warn" />
      <div>
        <strong>{message}</strong>
        <p>{mend}</p>
        <div class="actions actions--start">
          {isStranger && hasProvider && (
            <a class="button" href="api/oidc" target="_blank" rel="noopener">
              Sign in
            </a>
          )}
          {isStranger && !hasProvider && <Command line="mcp-gateway dashboard open" />}
          <button type="button" onClick={() => void loadSession()}>
            Try again
          </button>
        </div>
      </div>
    </div>
  );
}
