import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Failure } from './api.ts';

type Status = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 421 | 500 | 502 | 503;

/** A failure that is answered as it is. */
export class Refused extends Error {
  readonly status: Status;
  readonly failure: Failure;

  constructor(status: Status, failure: Failure) {
    super(failure.message);
    this.name = 'Refused';
    this.status = status;
    this.failure = failure;
  }
}

export const SIGN_IN_AGAIN: Failure = {
  code: 'SIGNED_OUT',
  message: 'You are not signed in here: the session has ended, or the gateway was restarted since.',
  mend: 'Run `mcp-gateway dashboard open` and open its link in another tab; what you have typed here stays.',
};

/** With a provider to sign in with. */
export const SIGN_IN_AT_PROVIDER: Failure = {
  ...SIGN_IN_AGAIN,
  mend: 'Sign in again in another tab, at /api/oidc; what you have typed here stays.',
};

const STATUSES: Partial<Record<ErrorCode, Status>> = {
  USAGE: 400,
  RECORD_NOT_FOUND: 404,
  KEY_NOT_FOUND: 404,
  NOT_AN_APPROVER: 403,
  BELOW_FLOOR: 403,
  APPROVER_NEEDED: 403,
  APPROVAL_CLOSED: 409,
  CONFIG_INVALID: 409,
  CONFIG_NOT_FOUND: 409,
  LOCK_INVALID: 409,
  BUNDLE_INVALID: 409,
  BUNDLE_UNREADABLE: 409,
  BUNDLE_SIGNATURE: 409,
  BUNDLE_STALE: 409,
  NOT_BUILT: 409,
  SIGN_IN_REQUIRED: 409,
  UPSTREAM_UNAVAILABLE: 502,
  UPSTREAM_CLOSED: 502,
  UPSTREAM_TIMEOUT: 502,
  UPSTREAM_PROTOCOL: 502,
  STORE_UNAVAILABLE: 503,
};

/** What is said of anything that was thrown; of a fault of our own nothing that it may have in it. */
export function failureOf(thrown: unknown, logger: Logger): { readonly status: Status; readonly failure: Failure } {
  if (thrown instanceof Refused) return thrown;
  if (thrown instanceof GatewayError) {
    const { code, message, mend = '' } = thrown;
    return { status: STATUSES[code] ?? 500, failure: { code, message, mend } };
  }
  logger.error('the dashboard has failed', {
    problem: thrown instanceof Error ? (thrown.stack ?? thrown.message) : '',
  });
  const message = 'Something went wrong that should not have.';
  return { status: 500, failure: { code: 'FAILED', message, mend: 'The log of the gateway has the details.' } };
}
