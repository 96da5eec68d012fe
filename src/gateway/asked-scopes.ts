import type { Decision } from '../core/decision.ts';

/** A rule asks for scopes by this reason, which is OAuth's (RFC 6750, section 3.1), and the parameter `scope`. */
const INSUFFICIENT_SCOPE = 'insufficient_scope';

/** Of one denial or several that ask for scopes all of these; none where anything else denies, too. */
export function askedScopes({ denials }: Decision): readonly string[] {
  const asked = denials.map(({ reason, params }) => (reason === INSUFFICIENT_SCOPE ? params['scope'] : undefined));
  const texts = asked.filter((scope) => typeof scope === 'string' && SCOPES.test(scope));
  return texts.length < denials.length ? [] : [...new Set(texts.flatMap((scope) => String(scope).split(' ')))];
}

/** RFC 6749, section 3.3: it ends in a header. */
const SCOPES = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}( [\x21\x23-\x5b\x5d-\x7e]{1,128}){0,7}$/;
