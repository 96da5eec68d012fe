import { createHash } from 'node:crypto';

import type { Clock } from '../../src/core/clock.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { guardedGate, type GuardOptions } from '../../src/downstream/guarded-gate.ts';
import { oauthFetch } from '../../src/upstream/oauth-fetch.ts';
import { anIssuer, AUDIENCE } from './an-issuer.ts';
import { aFakeGateway, LIMITS, QUIET } from './fake-gateway.ts';
import { anHttpDoor } from './http-client.ts';

/** A clock that a test moves. */
function aClock(): Clock & { passed: number } {
  const clock = { passed: 0, now: () => Date.now() + clock.passed, monotonic: () => performance.now() + clock.passed };
  return clock;
}

/** Two keys of one agent and user. */
export const KEY = `mcpg_${'k'.repeat(43)}`;
export const OTHER_KEY = `mcpg_${'o'.repeat(43)}`;

interface Guarded {
  readonly oidc?: Partial<NonNullable<GuardOptions['oidc']>> | undefined;
  readonly agents?: readonly string[];
  readonly publicUrl?: string;
  readonly answers?: RpcAnswer;
  /** Half of it is how often open streams are looked at. */
  readonly idleMs?: number;
}

/** A door behind which a fake gateway stands, and an issuer whose tokens it takes, and two keys. */
export async function aGuardedDoor({
  oidc = {},
  agents = [],
  publicUrl: written,
  answers,
  idleMs = LIMITS.idleMs,
}: Guarded = {}) {
  const issuer = await anIssuer();
  const clock = aClock();
  const revoked = new Set<string>();
  const warnings: string[] = [];
  const hashes = new Map([KEY, OTHER_KEY].map((key) => [createHash('sha256').update(key).digest('hex'), key]));
  const url = new URL(issuer.issuer);
  const publicUrl = written === undefined ? undefined : new URL(written);
  const logger = {
    ...QUIET,
    warn: (message: string, fields?: object) => void warnings.push(`${message}${JSON.stringify(fields)}`),
  };
  const gate = guardedGate({
    oidc: {
      issuer: issuer.issuer,
      audience: AUDIENCE,
      claims: {},
      requiredScopes: [],
      scopes: ['orders:write'],
      fetch: oauthFetch({ serverUrl: url, issuer: url }),
      ...oidc,
    },
    findKey: async (hash) => {
      if (revoked.has('store')) throw new Error('the store is down');
      const key = hashes.get(hash);
      if (key === undefined || revoked.has(key)) return undefined;
      return { id: key === KEY ? 'one' : 'two', hash, entry: { agent: 'worker', user: 'ana' } };
    },
    agents: new Set(agents),
    resource: { path: '/mcp', ssePath: '/sse', publicUrl },
    clock,
    logger,
  });
  const answering = answers === undefined ? {} : { gateway: { ...aFakeGateway(), answer: async () => answers } };
  const limits = { ...LIMITS, idleMs };
  const door = await anHttpDoor({ gate, clock, logger, limits, publicUrl, ...answering });
  return { ...door, issuer, clock, revoked, warnings };
}

export const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });
export const challengeOf = (response: Response): string => response.headers.get('www-authenticate') ?? '';
