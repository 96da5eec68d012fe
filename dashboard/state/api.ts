import type { Failure } from '../../src/dashboard/api.ts';
import { parseExact } from '../words/exact-json.ts';

/** An answer that is a failure, or none at all: then `status` is 0. */
export class Refusal extends Error {
  readonly status: number;
  readonly failure: Failure;

  constructor(status: number, failure: Failure) {
    super(failure.message);
    this.status = status;
    this.failure = failure;
  }
}

/** What the server says at `path`, such as `decisions?limit=50`. Throws a `Refusal`. */
export async function ask<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return await exchange<Answer>(path, signal === undefined ? {} : { signal });
}

/** Changes something. `body` is JSON text: what somebody typed goes out as it was typed, with every digit. */
export async function send<Answer>(path: string, { body, csrf }: { body: string; csrf: string }): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf };
  return await exchange<Answer>(path, { method: 'POST', headers, body });
}

async function exchange<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const response = await reach(path, init);
  const value = parseExact(await response.text());
  if (response.ok) return value as Answer;
  throw new Refusal(response.status, failureIn(value) ?? unexpected(response.status));
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`api/${path}`, { ...init, credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new Refusal(0, {
      code: 'unreachable',
      message: 'The gateway does not answer.',
      mend: 'Start it again (mcp-gateway serve, or your client), then press Try again. What you typed is kept.',
    });
  }
}

function failureIn(value: unknown): Failure | undefined {
  const failure = value as Failure | undefined | null;
  return typeof failure?.message === 'string' ? failure : undefined;
}

function unexpected(status: number): Failure {
  return {
    code: 'unexpected',
    message: `The gateway answered with status ${status} and no explanation.`,
    mend: 'Try again. If it stays so, look at its log: mcp-gateway doctor.',
  };
}
