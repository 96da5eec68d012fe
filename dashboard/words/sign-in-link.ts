/** The secret of a link that `dashboard open` printed, and the address without it; undefined where there is none. */
export function takeLinkToken(href: string): { readonly token: string; readonly rest: string } | undefined {
  const url = new URL(href);
  const [path = '', query = ''] = url.hash.slice(1).split('?', 2);
  const token =
    tokenIn(query) ?? tokenIn(path.replace(/^\/+/, '')) ?? tokenIn(url.search) ?? tokenBehindLogin(url, path);
  if (token === undefined) return undefined;
  return { token, rest: `${url.pathname.replace(/login\/?$/, '')}#/` };
}

function tokenIn(query: string): string | undefined {
  return new URLSearchParams(query).get('token') || undefined;
}

function tokenBehindLogin({ pathname }: URL, path: string): string | undefined {
  return /\/login\/?$/.test(pathname) && path !== '' ? path : undefined;
}
