import { parseAddress } from '../words/addresses.ts';
import { takeLinkToken } from '../words/sign-in-link.ts';
import { Refusal, send } from './api.ts';
import { address } from './route.ts';
import { loadSession, trouble } from './session.ts';

/**
 * Whoever comes by a link of `dashboard open` is signed in with it. Its secret leaves the address bar and the history
 * first, so that nobody sends it on with the address of a page.
 */
export async function signIn(): Promise<void> {
  const link = takeLinkToken(location.href);
  if (link === undefined) return await loadSession();
  history.replaceState(null, '', link.rest);
  address.value = parseAddress(location.hash);
  try {
    await send('login', { body: JSON.stringify({ token: link.token }), csrf: '' });
  } catch (error) {
    await loadSession();
    // Somebody who is signed in anyhow need not care that the link was used already.
    if (error instanceof Refusal && trouble.value !== undefined) trouble.value = error;
    return;
  }
  await loadSession();
}
