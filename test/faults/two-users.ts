import { expect, vi } from 'vitest';
import { aCall, openSession, post } from '../downstream/http-client.ts';
import { aPlace, type AtEnd, type HttpGateway, PATIENCE, type Place, runProgram, serveHttp } from '../e2e/program.ts';

/** Whose each key is: of two users, one has two. */
const WHO = { ada: 'ada', bob: 'bob', adaAgain: 'ada' } as const;
export type Who = keyof typeof WHO;

export interface TwoUsers {
  readonly place: Place;
  readonly gateway: HttpGateway;
  readonly bearer: (who: Who) => Record<string, string>;
}

/** A gateway that two users reach with keys of their own, once its `ready` tools, which need no arguments, can be called. */
export async function twoUsers(
  serversIn: (folder: string) => string,
  { ready, atEnd }: { readonly ready: readonly string[]; readonly atEnd: AtEnd },
): Promise<TwoUsers> {
  const place = aPlace(
    (folder) => `version: 1
gateway:
  toolNames: prefixed
  startWait: 10s
  transports: { http: {} }
  auth: { apiKeys: true }
decisions: { durability: normal, arguments: full }
mcpServers:
${serversIn(folder)}`,
    atEnd,
  );
  const keys = new Map<string, string>();
  for (const [who, user] of Object.entries(WHO)) {
    const made = await runProgram(place, `key create --json --role agent --agent a-${user} --user ${user}`.split(' '));
    keys.set(who, (JSON.parse(made.stdout) as { readonly key: string }).key);
  }
  const gateway = await serveHttp(place, { args: ['--sse', '--log-level', 'debug'], atEnd });
  const bearer = (who: Who): Record<string, string> => ({ Authorization: `Bearer ${keys.get(who) ?? ''}` });
  const session = await openSession(gateway.url, bearer('ada'));
  const called = async (name: string): Promise<string> => (await post(gateway.url, aCall(1, name), session)).text();
  for (const name of ready) {
    await vi.waitFor(async () => expect(await called(name)).toContain('"allow":true'), PATIENCE);
  }
  return { place, gateway, bearer };
}
