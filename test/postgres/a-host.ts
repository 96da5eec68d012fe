import { expect } from 'vitest';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import type { AnyClient } from '../e2e/clients.ts';
import { aPlace, type AtEnd, type Place, runProgram } from '../e2e/program.ts';
import { journal, JOURNAL_POLICY, receivedBy } from '../e2e/servers.ts';
import { PASSWORD } from './a-server.ts';

export const SECRET = encodeURIComponent(PASSWORD);

/**
 * A gateway before the server that notes down each call, whose store is where `there` says: `HOST:PORT/DATABASE?…`. `more`
 * are lines of its configuration.
 */
export function aHostAt(there: string, more: (folder: string) => string = () => '', atEnd?: AtEnd): Place {
  const place = aPlace(
    (folder) => `version: 1
gateway: { toolNames: plain, principal: { user: { id: ada } } }
decisions:
  arguments: full
  store: { driver: postgres, url: 'postgres://gateway:\${PGPASSWORD}@${there}' }
mcpServers:
  journal: { ${journal(folder)}, policy: { source: ${JOURNAL_POLICY} } }
${more(folder)}`,
    atEnd,
  );
  return { ...place, env: { ...place.env, PGPASSWORD: SECRET } };
}

/** What the agent is told; `written` where the server has it. */
export async function write(client: AnyClient, text: string): Promise<string> {
  const { content } = await client.call('write', { text });
  return content[0]?.text ?? '';
}

export const REFUSED = expect.stringContaining('gateway.audit_unavailable');

export interface Load {
  /** What each call was told, in the order in which they were answered. */
  readonly answers: readonly string[];
  /** Resolves when the last call has been answered. */
  end(): Promise<void>;
}

/** Calls one after the other, as often as they are answered. */
export function callWithoutEnd(client: AnyClient, name: string): Load {
  const answers: string[] = [];
  const ending = new AbortController();
  const work = async (): Promise<void> => {
    while (!ending.signal.aborted) answers.push(await write(client, `${name} ${answers.length}`));
  };
  const working = work();
  return {
    answers,
    end: () => {
      ending.abort();
      return working;
    },
  };
}

interface Truth {
  readonly received: number;
  readonly recorded: number;
}

/** Each call that has reached the server stands in the store at that address as allowed, and the log there is whole. */
export async function expectRecorded(place: Place, url: string): Promise<Truth> {
  const reader = new DecisionReader({ url });
  try {
    const records = await reader.list({ limit: 100_000, tool: 'write' });
    const allowed = records.filter(({ effect }) => effect === 'allow').map(({ input }) => textOf(input));
    const received = receivedBy(place).map(({ arguments: { text } }) => text);
    expect(received.filter((text) => !allowed.includes(text))).toEqual([]);
    expect(new Set(received).size).toBe(received.length);
    const { code, stdout } = await runProgram(place, ['decision', 'verify', '--json']);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/"ok": ?true/) });
    return { received: received.length, recorded: allowed.length };
  } finally {
    await reader.close();
  }
}

function textOf(input: object): string | undefined {
  return (input as { readonly action?: { readonly args?: { readonly text?: string } } }).action?.args?.text;
}
