import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { Logger } from '../../src/core/logger.ts';
import { holdsAt, LONGEST_PAUSE_MS, type Pause } from '../../src/core/pause.ts';
import { Pauses } from '../../src/app/pauses.ts';
import { localCaller } from '../../src/app/local-caller.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { SealedRecord } from '../../src/core/record.ts';
import { reproduces } from '../../src/policy/combine-record.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { runCommand } from '../cli/command.ts';
import { addPauseCommand } from '../../src/cli/pause-command.ts';
import { aPolicyPlace, configure, type Live, type PolicyPlace, startLive, until } from './live-policies.ts';
import { SILENT_EXCHANGE } from '../../src/gateway/silent-exchange.ts';

const PAUSE: Pause = { sinceMs: 10_000, untilMs: 20_000, actor: 'user:maya', reason: 'a test' };

test.for<readonly [now: number, holds: boolean]>([
  [8_999, false],
  [9_000, true],
  [10_000, true],
  [19_999, true],
  [20_000, false],
  [0, false],
])('at %j a pause from 10,000 to 20,000 holds: %j', ([now, holds]) => {
  expect(holdsAt(PAUSE, now)).toBe(holds);
});

test('a pause that would last longer than any may does not hold at all', () => {
  expect(holdsAt({ ...PAUSE, untilMs: PAUSE.sinceMs + LONGEST_PAUSE_MS }, 15_000)).toBe(true);
  expect(holdsAt({ ...PAUSE, untilMs: PAUSE.sinceMs + LONGEST_PAUSE_MS + 1 }, 15_000)).toBe(false);
  expect(holdsAt({ ...PAUSE, untilMs: Number.NaN }, 15_000)).toBe(false);
});

async function pausesOf(part: { pause?: () => Pause | undefined; allowed?: boolean; isShadow?: boolean }) {
  const logged: string[] = [];
  const log = (message: string): void => void logged.push(message);
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const store = {
    pause: async () => (part.pause === undefined ? PAUSE : part.pause()),
    log: undefined as never,
    instance: 'me',
  };
  const config = { policies: { pause: part.allowed ?? true } } as never;
  const clock = { now: () => 15_000, monotonic: () => 0 };
  const told = { config, clock, logger, login: 'maya', isShadow: part.isShadow ?? false };
  const { signal } = new AbortController();
  return { pauses: await Pauses.begin({ store, changed: () => undefined, everyMs: 1, signal }, told), logged };
}

test('a pause is loud, and an organisation that forbids it has none, nor a shadow', async () => {
  const { pauses, logged } = await pausesOf({});
  expect([pauses.at(15_000), pauses.at(20_000)]).toEqual(['pause', '']);
  expect(logged).toEqual(['POLICIES ARE NOT ENFORCED: what they deny is let through and recorded']);
  pauses.allow(false);
  expect(pauses.at(15_000)).toBe('');
  expect(logged.at(-1)).toBe('the pause is over: policies are enforced again');
  expect((await pausesOf({ isShadow: true })).pauses.at(0)).toBe('shadow');
  expect((await pausesOf({ isShadow: true, allowed: false })).pauses.at(0)).toBe('');
});

test('a pause that cannot be read does not hold', async () => {
  const fails = (): never => {
    throw new Error('the disk is gone');
  };
  const { pauses, logged } = await pausesOf({ pause: fails });
  expect(pauses.at(15_000)).toBe('');
  expect(logged).toEqual(['it cannot be told whether the gateway is paused, so it is not']);
});

/** Asks for a prompt that nobody has, and for a tool list, and answers what was recorded of the last. */
async function lastDecision(place: PolicyPlace): Promise<SealedRecord | undefined> {
  const reader = new DecisionReader({ path: place.store });
  try {
    return (await reader.list({ limit: 1 }))[0];
  } finally {
    await reader.close();
  }
}

async function completeWith({ app }: Live, place: PolicyPlace): Promise<SealedRecord | undefined> {
  const { config } = loadConfig({
    path: place.config,
    environment: {},
    workingFolder: place.folder,
    ...place,
    userHome: '/',
  });
  const caller = localCaller(config, { agent: undefined, user: 'ana', version: '0', session: 'session-1' });
  await app.gateway.answer({ method: 'tools/list', cursor: undefined, meta: {} }, caller, SILENT_EXCHANGE);
  return lastDecision(place);
}

function pause(place: PolicyPlace, ...args: readonly string[]) {
  return runCommand(addPauseCommand, ['pause', ...args, '--config', place.config], {
    home: place.home,
    cache: place.home,
  });
}

test('a running gateway takes a pause up, records it with every decision, and ends it when it is ended', async () => {
  const place = aPolicyPlace({});
  const live = await startLive(place);
  expect((await completeWith(live, place))?.combine.bypass).toBe('');
  const begun = await pause(place, '--for', '10m', '--reason', 'looking', '--json');
  expect(JSON.parse(begun.out)).toMatchObject({
    schema: 'mcp-gateway/pause/v1',
    ok: true,
    pause: { reason: 'looking' },
  });
  await until(() => live.logged.some((line) => line.startsWith('POLICIES ARE NOT ENFORCED')));
  const paused = await completeWith(live, place);
  expect(paused?.combine.bypass).toBe('pause');
  expect(paused && reproduces(paused)).toBe(true);
  expect(stripVTControlCharacters((await pause(place)).out)).toContain('PAUSED until ');
  expect((await pause(place, '--end')).out).toBe('The pause is over: policies are enforced.\n');
  await until(() => live.logged.some((line) => line.startsWith('the pause is over')));
  expect((await completeWith(live, place))?.combine.bypass).toBe('');
  const reader = new DecisionReader({ path: place.store });
  const acts = await reader.acts({ limit: 10 });
  await reader.close();
  expect(acts.map(({ verb, actor, reason }) => [verb, actor, reason])).toEqual([
    ['pause.end', 'user:maya', ''],
    ['pause.begin', 'user:maya', 'looking'],
  ]);
});

test('a pause that was begun before the start holds after it, and one that is forbidden is refused', async () => {
  const place = aPolicyPlace({});
  await pause(place, '--for', '1h');
  const live = await startLive(place);
  expect((await completeWith(live, place))?.combine.bypass).toBe('pause');
  configure(place, {}, { pause: false });
  await until(() => live.logged.some((line) => line.startsWith('the pause is over')));
  expect((await completeWith(live, place))?.combine.bypass).toBe('');
  const refused = await pause(place, '--for', '10m');
  expect([refused.exit, refused.err]).toEqual([
    2,
    expect.stringContaining('does not allow a pause (policies.pause in '),
  ]);
  expect((await pause(place)).out).toBe('There is no pause.\n');
});

test('a gateway that was started in shadow records that, and that nothing is enforced with every decision', async () => {
  const place = aPolicyPlace({});
  const live = await startLive(place, { isShadow: true });
  expect((await completeWith(live, place))?.combine.bypass).toBe('shadow');
  expect(live.logged[0]).toMatch(/^POLICIES ARE NOT ENFORCED.*"bypass":"shadow"/);
  const reader = new DecisionReader({ path: place.store });
  const acts = await reader.acts({ limit: 10 });
  await reader.close();
  expect(acts).toMatchObject([{ verb: 'pause.shadow', actor: 'user:ana', reason: 'serve --shadow' }]);
});

test.for([
  [['--for', '2d'], 'a pause lasts a second at least and a day at most'],
  [['--for', '1h', '--end'], '--for begins a pause and --end ends it'],
])('%j is refused, and nothing is paused', async ([args, words]) => {
  const place = aPolicyPlace({});
  writeFileSync(place.config, JSON.stringify({ version: 1, mcpServers: {} }));
  const ran = await pause(place, ...(args as readonly string[]));
  expect([ran.exit, ran.err]).toEqual([2, expect.stringContaining(words as string)]);
});
