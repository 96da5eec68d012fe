import { signal } from '@preact/signals';
import type { Right, SessionView } from '../../src/dashboard/api.ts';
import { ask, Refusal, send } from './api.ts';

/** Who looks; undefined until the server has said it. */
export const session = signal<SessionView | undefined>(undefined);

/** The gateway does not know this tab (any more), or does not answer. What is on the page stays. */
export const trouble = signal<Refusal | undefined>(undefined);

/** Asks who looks. After the gateway was started anew and a new link was opened, this mends the tab. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await ask<SessionView>('session');
    trouble.value = undefined;
  } catch (error) {
    noteTrouble(error);
  }
}

/** A stranger, or nobody there: that concerns the whole tab and not one thing on it. */
export function noteTrouble(error: unknown): void {
  if (error instanceof Refusal && (error.status === 401 || error.status === 0)) trouble.value = error;
}

export function may(right: Right): boolean {
  return session.value?.may.includes(right) === true;
}

/** Changes something in the name of who looks. A tab that outlived a sign-in takes the new token and asks once more. */
export async function change<Answer>(path: string, body: string): Promise<Answer> {
  const csrf = session.value?.csrf ?? '';
  try {
    return await send<Answer>(path, { body, csrf });
  } catch (error) {
    noteTrouble(error);
    if (!(error instanceof Refusal) || error.status !== 403) throw error;
    await loadSession();
    if (session.value === undefined || session.value.csrf === csrf) throw error;
    return await send<Answer>(path, { body, csrf: session.value.csrf });
  }
}
