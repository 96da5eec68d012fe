import { render } from 'preact';
import { App } from './app.tsx';
import { followAddress } from './state/route.ts';
import { loadSession } from './state/session.ts';
import { signIn } from './state/sign-in.ts';
import { showTheme } from './state/theme.ts';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/pages.css';
import './style/print.css';

/** How often the number of waiting approvals is looked up, and whether this tab is still known. */
const SESSION_EVERY_MS = 15_000;

showTheme();
followAddress();
const place = document.getElementById('pages');
if (place !== null) render(<App />, place);
void signIn();
window.setInterval(() => !document.hidden && void loadSession(), SESSION_EVERY_MS);
// Whoever comes back from signing in in another tab finds this one mended.
document.addEventListener('visibilitychange', () => !document.hidden && void loadSession());
