import { GatewayError, messageOf } from '../core/errors.ts';

interface Problem {
  readonly what: string;
  readonly mend: string;
}

const AGAIN = 'Calls are let through again by themselves.';
const PASSWORD: Problem = {
  what: 'does not let this user in: the password or the user is wrong, or pg_hba.conf forbids it',
  mend: 'Correct `decisions.store.url`, or the password that it refers to.',
};
const STARTING: Problem = { what: 'is starting or stopping', mend: AGAIN };
const READ_ONLY: Problem = {
  what: 'is read-only, as a standby is',
  mend: `Name the primary in \`decisions.store.url\`; after a failover nothing needs to be done. ${AGAIN}`,
};
const UNREACHABLE: Problem = {
  what: 'cannot be reached',
  mend: `See that PostgreSQL runs there and that nothing between forbids the connection. ${AGAIN}`,
};
const BROKEN: Problem = { what: 'has ended the connection', mend: AGAIN };
const SLOW: Problem = {
  what: 'took too long',
  mend: `See what it is busy with (pg_stat_activity). ${AGAIN}`,
};
const SILENT: Problem = {
  what: 'took too long: it says nothing at all',
  mend: `See whether the server stands still, or the network between loses what is sent. ${AGAIN}`,
};
const CROWDED: Problem = {
  what: 'takes no more connections',
  mend: 'Raise max_connections, or lower `decisions.store.poolSize`, or put a pooler before it.',
};
const RIGHTS: Problem = {
  what: 'does not give this user the rights that the gateway needs',
  mend: 'Make the user owner of the schema mcp_gateway, or let it create that in the database.',
};
const FULL: Problem = { what: 'has no room left on its disk', mend: `Free some space there. ${AGAIN}` };
const DAMAGED: Problem = {
  what: 'reports that its files are damaged or cannot be read',
  mend: 'Look into the server’s log; restore a backup where it says so.',
};
const SHARED: Problem = {
  what: 'is behind a pooler that keeps no session',
  mend: 'Set pool_mode = session for this database in the pooler (PgBouncer).',
};
const UNENCRYPTED: Problem = {
  what: 'does not encrypt connections',
  mend: 'Set it up for TLS, or add ?sslmode=disable to the address where the network is yours alone.',
};
const UNTRUSTED: Problem = {
  what: 'shows a certificate that is not trusted',
  mend: 'Name the certificate of the authority that has signed it with ?sslrootcert=/path/to/root.pem.',
};
const OTHER_HOST: Problem = {
  what: 'shows a certificate of another host',
  mend: 'Write the host in `decisions.store.url` as the certificate has it, or give the server one for that name.',
};
const EXPIRED: Problem = {
  what: 'shows a certificate that has expired',
  mend: `Renew it on the server, then \`select pg_reload_conf()\`; where it has not, see to this machine’s clock. ${AGAIN}`,
};

/** Error codes of PostgreSQL, and of Node's sockets, that a person can do something about. */
const PROBLEMS: Readonly<Record<string, Problem>> = {
  '28P01': PASSWORD,
  '28000': PASSWORD,
  '3D000': { what: 'does not exist', mend: 'Create it (`createdb`), or correct `decisions.store.url`.' },
  '57P01': STARTING,
  '57P02': STARTING,
  '57P03': STARTING,
  '25006': READ_ONLY,
  '53100': FULL,
  '53200': { what: 'has run out of memory', mend: `Give the server more, or less to do. ${AGAIN}` },
  '53300': CROWDED,
  '57014': SLOW,
  '55P03': {
    what: 'waits for somebody who holds what is needed',
    mend: `End the transaction that stays open. ${AGAIN}`,
  },
  '25P03': SLOW,
  '42501': RIGHTS,
  // A statement that was prepared in another session.
  '26000': SHARED,
  '42P05': SHARED,
  '40001': { what: 'was changed by others at the same time, again and again', mend: AGAIN },
  '40P01': { what: 'was changed by others at the same time, again and again', mend: AGAIN },
  '58030': DAMAGED,
  XX001: DAMAGED,
  XX002: DAMAGED,
  ECONNREFUSED: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EHOSTDOWN: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ENOENT: UNREACHABLE,
  EACCES: UNREACHABLE,
  ENOTFOUND: { what: 'cannot be reached: no such host is known', mend: 'Correct the host in `decisions.store.url`.' },
  EAI_AGAIN: { what: 'cannot be reached: names are not resolved', mend: `See to the name service. ${AGAIN}` },
  ECONNRESET: BROKEN,
  EPIPE: BROKEN,
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_HOST,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: {
    what: 'shows a certificate that is not valid yet',
    mend: `See to the clock of this machine and to the certificate. ${AGAIN}`,
  },
};

/** What the client says without a code, by how it begins. */
const WORDS: readonly (readonly [RegExp, Problem])[] = [
  [/^Query read timeout|^timeout expired|due to connection timeout/, SILENT],
  [/^timeout exceeded when trying to connect/, { what: 'has more asked of it than it answers', mend: CROWDED.mend }],
  [/^Connection terminated|is not queryable/, BROKEN],
  [/^The server does not support SSL/, UNENCRYPTED],
  [/^There was an error establishing an SSL connection/, UNENCRYPTED],
  [/^SASL: .*password must be/, PASSWORD],
];

/**
 * Whatever PostgreSQL, its client or the network has thrown about the store of that name, said for a person. The server's
 * own words are left out where the code says enough: they may have values of a statement in them.
 */
export function postgresError(thrown: unknown, name: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const code = codeOf(thrown);
  const problem = problemOf(thrown);
  if (problem !== undefined) {
    return new GatewayError('STORE_UNAVAILABLE', `the store, ${name}, ${problem.what}`, {
      mend: problem.mend,
      cause: thrown,
    });
  }
  // The words of these two classes have values in them: of what was asked, or of rows.
  const words = /^2[23]/.test(code) ? 'it refuses a value' : messageOf(thrown);
  const which = code === '' ? '' : ` (${code})`;
  return new GatewayError('STORE_UNAVAILABLE', `the store, ${name}, cannot be used: ${words}${which}`, {
    cause: thrown,
  });
}

function problemOf(thrown: unknown): Problem | undefined {
  return PROBLEMS[codeOf(thrown)] ?? WORDS.find(([words]) => words.test(messageOf(thrown)))?.[1];
}

/** SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), or Node's name for what a socket met; or empty. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  // One for each address that a name has.
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return codeOf(thrown.cause);
}

/** Whether it is the way to the server that has failed, or the server as a whole, and not what was asked. */
export function isBreak(thrown: unknown): boolean {
  const problem = problemOf(thrown);
  return problem === BROKEN || problem === SILENT || problem === STARTING || problem === UNREACHABLE;
}

/** Whether the same work may succeed when it is done once more: others were in its way (classes 40001, 40P01). */
export function isWorthAnotherTry(thrown: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(thrown));
}
