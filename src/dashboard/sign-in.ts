import { Hono, type Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { Refused } from './failures.ts';
import { bodyOf, type Env } from './guard.ts';
import type { Provider } from './oidc.ts';
import type { Place } from './place.ts';
import type { DashboardPort, Person, TakenLink } from './port.ts';
import { BODIES, parse } from './queries.ts';
import type { Sessions } from './sessions.ts';

export interface SignInParts {
  readonly port: DashboardPort;
  readonly sessions: Sessions;
  readonly place: () => Place;
  readonly provider: Provider | undefined;
}

type Why = Extract<TakenLink, { kind: 'refused' }>['why'];

const LINK_WORDS: Readonly<Record<Why, string>> = {
  used: 'This link was used already. Each signs in once, so if it was not you, look who else has read it.',
  expired: 'This link is too old: each holds for five minutes.',
  unknown: 'This link is not one of this gateway.',
};

/** How somebody comes in: by a link that is used once, or by a provider of OpenID Connect. */
export function signInRoutes({ port, sessions, place, provider }: SignInParts): Hono<Env> {
  const letIn = (context: Context<Env>, person: Person): void => {
    const { cookie, isSecure } = place();
    const earlier = getCookie(context, cookie);
    if (earlier !== undefined) sessions.end(earlier);
    setCookie(context, cookie, sessions.begin(person), {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      secure: isSecure,
    });
  };
  const routes = new Hono<Env>();
  routes.post('/login', async (context) => {
    const { token } = parse(BODIES.Login, await bodyOf(context));
    const taken = await port.takeLink(token);
    if (taken.kind === 'refused') {
      const mend = '`mcp-gateway dashboard open` prints a new one.';
      throw new Refused(401, { code: `LINK_${taken.why.toUpperCase()}`, message: LINK_WORDS[taken.why], mend });
    }
    letIn(context, taken.person);
    return context.json({});
  });
  if (provider === undefined) return routes;
  routes.get('/oidc', async (context) => {
    const { url, isSecure } = place();
    const { flow, address } = await provider.begin(`${url}${CALLBACK}`);
    // Lax: the provider's page is who sends the browser back.
    setCookie(context, FLOW_COOKIE, flow, {
      httpOnly: true,
      sameSite: 'Lax',
      path: CALLBACK,
      maxAge: 600,
      secure: isSecure,
    });
    return context.redirect(address.href);
  });
  routes.get('/oidc/callback', async (context) => {
    const flow = getCookie(context, FLOW_COOKIE) ?? '';
    deleteCookie(context, FLOW_COOKIE, { path: CALLBACK });
    const { search } = new URL(context.req.url);
    const who = await provider.end(flow, new URL(`${place().url}${CALLBACK}${search}`));
    const person = await port.welcome(who);
    if (person === undefined) {
      throw new Refused(403, {
        code: 'NOT_ALLOWED',
        message: `${who.user} is signed in, and is in no group that may look at anything here.`,
        mend: 'Groups that may are in the configuration under dashboard.rights.',
      });
    }
    letIn(context, person);
    return context.redirect('/');
  });
  return routes;
}

const CALLBACK = '/api/oidc/callback';
const FLOW_COOKIE = 'mcp-gateway-sign-in';
