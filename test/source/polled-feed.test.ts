import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { BundleFiles, FetchedBundle } from '../../src/core/bundle-feed.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { delayBefore, type Situation } from '../../src/source/delays.ts';
import { type FeedParts, PolledFeed } from '../../src/source/polled-feed.ts';
import { SourceCache } from '../../src/source/source-cache.ts';
import { type Question, type SourceAnswer, SourceProblem } from '../../src/source/source.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'mcp-gateway-feeds-'));
let count = 0;

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** A source that has one bundle after another: its revision, or why it cannot be had. */
class ScriptedSource {
  has: string | Error;
  readonly asked: Question[] = [];
  canWait = false;

  constructor(has: string | Error) {
    this.has = has;
  }

  readonly ask = async (question: Question): Promise<SourceAnswer> => {
    this.asked.push(question);
    const { has, canWait } = this;
    if (has instanceof Error) throw has;
    if (has === question.known) return { kind: 'same', canWait };
    return { kind: 'new', canWait, revision: has, content: { kind: 'files', files: filesOf(has) } };
  };
}

const filesOf = (revision: string) => new Map([['policy.rego', Buffer.from(`package ${revision}`)]]);

interface Scene {
  readonly feed: PolledFeed;
  readonly source: ScriptedSource;
  readonly cache: SourceCache;
  /** Lets time pass, milliseconds. */
  pass(ms: number): void;
}

function aScene(has: string | Error, parts: Partial<FeedParts> = {}): Scene {
  const source = new ScriptedSource(has);
  const cache = parts.cache ?? new SourceCache(join(FOLDER, `bundle-${count++}`));
  let nowMs = Date.parse('2026-03-02T09:00:00Z');
  const feed = new PolledFeed({
    address: 'https://bundles.example.com/a.tar.gz',
    source,
    unpack: async (content) => (content.kind === 'files' ? content.files : new Map()),
    check: async () => undefined,
    refreshMs: 60_000,
    maxAgeMs: undefined,
    clock: { now: () => nowMs, monotonic: () => performance.now() },
    random: () => 0.5,
    ...parts,
    cache,
  });
  return { feed, source, cache, pass: (ms) => void (nowMs += ms) };
}

const { signal } = new AbortController();
const fetch = ({ feed }: Scene): Promise<FetchedBundle> => feed.fetch(signal);
const GONE = new SourceProblem('there is nothing at this address (404)', 'Check the address.');

async function failure(asked: Promise<unknown>): Promise<GatewayError> {
  const end = await asked.catch((thrown: unknown) => thrown);
  if (end instanceof GatewayError) return end;
  throw new Error('it did not fail', { cause: end });
}

describe('a feed', () => {
  it('asks again for what only the toolchain has failed on', async () => {
    const ends: (Error | undefined)[] = [new GatewayError('TOOLCHAIN_FAILED', 'it was ended'), undefined];
    const check = async (): Promise<void> => {
      const end = ends.shift();
      if (end !== undefined) throw end;
    };
    const scene = aScene('one', { check });
    expect(await failure(fetch(scene))).toMatchObject({ code: 'TOOLCHAIN_FAILED' });
    expect(await fetch(scene)).toMatchObject({ revision: 'one' });
  });

  it('gives what its source has, and keeps it', async () => {
    const scene = aScene('one');
    expect(await fetch(scene)).toMatchObject({ revision: 'one', bundle: { files: filesOf('one') } });
    expect((await scene.cache.read())?.files).toEqual(filesOf('one'));
  });

  it('asks only for what is newer, also after a restart', async () => {
    const scene = aScene('one');
    await fetch(scene);
    const later = aScene('one', { cache: scene.cache });
    expect(await later.feed.lastGood()).toMatchObject({ revision: 'one' });
    later.pass(1000);
    const { confirmedMs, bundle } = await fetch(later);
    expect(later.source.asked).toMatchObject([{ known: 'one' }]);
    expect([bundle.files, (await scene.cache.state()).confirmedMs]).toEqual([filesOf('one'), confirmedMs]);
  });

  it('F-41 leaves the last good as it is when its source cannot be had', async () => {
    const scene = aScene('one');
    await fetch(scene);
    scene.source.has = GONE;
    const { code, message, mend } = await failure(fetch(scene));
    expect([code, mend]).toEqual(['BUNDLE_UNREADABLE', 'Check the address.']);
    expect(message).toBe(
      'the policy bundle https://bundles.example.com/a.tar.gz cannot be read: there is nothing at this address (404)',
    );
    expect(await scene.feed.lastGood()).toMatchObject({ revision: 'one' });
    expect(await scene.cache.state()).toMatchObject({ revision: 'one', problem: { message } });
  });

  it('neither keeps nor fetches again what must not be put in force', async () => {
    const refusal = new GatewayError('BUNDLE_INVALID', 'no rule has a title');
    const check = async ({ files }: BundleFiles): Promise<void> => {
      if (String(files.get('policy.rego')).includes('bad')) throw refusal;
    };
    const scene = aScene('one', { check });
    await fetch(scene);
    scene.source.has = 'bad';
    expect(await failure(fetch(scene))).toBe(refusal);
    expect(await failure(fetch(scene))).toBe(refusal);
    expect(scene.source.asked.at(-1)?.known).toBe('bad');
    expect((await scene.cache.read())?.files).toEqual(filesOf('one'));
    scene.source.has = 'better';
    expect(await fetch(scene)).toMatchObject({ revision: 'better' });
  });

  it('fetches anew what somebody has changed on disk', async () => {
    const scene = aScene('one');
    await fetch(scene);
    const { digest } = await scene.cache.state();
    rmSync(join(scene.cache.folder, `${digest}.bundle`));
    const later = aScene('one', { cache: scene.cache });
    await expect(later.feed.lastGood()).rejects.toThrow(/has changed/);
    expect(await fetch(later)).toMatchObject({ revision: 'one' });
    expect((await scene.cache.read())?.files).toEqual(filesOf('one'));
  });
});

describe('a bundle with a greatest age', () => {
  it('may not decide any more when its source has not confirmed it for so long', async () => {
    const scene = aScene('one', { maxAgeMs: 3_600_000 });
    const first = await fetch(scene);
    scene.source.has = GONE;
    scene.pass(3_600_000);
    expect((await failure(fetch(scene))).code).toBe('BUNDLE_UNREADABLE');
    scene.pass(1);
    expect(scene.feed.isTooOld(first)).toBe(true);
    const { code, message } = await failure(fetch(scene));
    expect(code).toBe('BUNDLE_STALE');
    expect(message).toMatch(/last confirmed at 2026-03-02T09:00:00\.000Z.*\(3600 s\).*nothing at this address/);
    scene.source.has = 'one';
    expect(scene.feed.isTooOld(await fetch(scene))).toBe(false);
  });
});

describe('a watch over a bundle with a greatest age', () => {
  it('tells when that is reached, however long it would have waited', async () => {
    const scene = aScene('one', { maxAgeMs: 3_600_000, refreshMs: 1_800_000 });
    await fetch(scene);
    scene.source.has = GONE;
    // 20 ms are left; the next question would come in 22 minutes.
    scene.pass(3_600_000 - 20);
    const watching = new AbortController();
    onTestFinished(() => watching.abort());
    const told = new Promise<void>((resolve) => scene.feed.watch(async () => resolve(), watching.signal));
    await told;
    expect((await failure(fetch(scene))).code).toBe('BUNDLE_UNREADABLE');
    scene.pass(21);
    expect((await failure(fetch(scene))).code).toBe('BUNDLE_STALE');
  });
});

describe('a source that goes back and forth', () => {
  it('is followed back once it stays there', async () => {
    const scene = aScene('one');
    await fetch(scene);
    scene.source.has = 'two';
    await fetch(scene);
    scene.source.has = 'one';
    expect((await failure(fetch(scene))).message).toMatch(/back and forth between two revisions, two and one/);
    expect(await fetch(scene)).toMatchObject({ revision: 'one' });
  });

  it('changes nothing, and less the longer it lasts', async () => {
    const scene = aScene('one');
    let changes = -1;
    let inForce = '';
    for (let turn = 0; turn < 100; turn++) {
      scene.source.has = turn % 2 === 0 ? 'one' : 'two';
      const had = await fetch(scene).catch(() => undefined);
      if (had !== undefined && had.revision !== inForce) changes++;
      inForce = had?.revision ?? inForce;
    }
    expect([changes, inForce]).toEqual([1, 'two']);
  });

  it('that meets each revision by chance changes it ever less often', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), async (turns) => {
        const scene = aScene('one', { check: async () => undefined });
        let [changes, inForce] = [0, ''];
        for (const turn of turns) {
          scene.source.has = turn ? 'one' : 'two';
          const had = await fetch(scene).catch(() => undefined);
          if (had !== undefined && had.revision !== inForce) changes++;
          inForce = had?.revision ?? inForce;
        }
        // The first, the second, and returns after 2, 4, 8, 16 and 16 meetings in a row.
        expect(changes).toBeLessThanOrEqual(2 + 5);
      }),
      { numRuns: 10 },
    );
  });
});

describe('a watch', () => {
  it('tells of what is new, and hands it over without asking again', async () => {
    const scene = aScene('one', { refreshMs: 20 });
    await fetch(scene);
    const watching = new AbortController();
    onTestFinished(() => watching.abort());
    scene.source.has = 'two';
    const had = await new Promise<FetchedBundle>((resolve, reject) => {
      const take = (): Promise<void> => scene.feed.fetch(signal).then(resolve, reject);
      scene.feed.watch(take, watching.signal);
    });
    expect(had).toMatchObject({ revision: 'two' });
    expect(scene.source.asked.filter(({ known }) => known === 'one')).toHaveLength(1);
  });

  it('tells of a source that cannot be had, and asks on', async () => {
    const scene = aScene(GONE, { refreshMs: 20 });
    const watching = new AbortController();
    onTestFinished(() => watching.abort());
    const ends: string[] = [];
    scene.feed.watch(async () => {
      const end = await scene.feed.fetch(signal).then(
        ({ revision }) => revision,
        ({ code }: GatewayError) => code,
      );
      ends.push(end);
      scene.source.has = 'one';
      throw new Error('whoever listens has troubles of his own');
    }, watching.signal);
    await expect.poll(() => ends.slice(0, 2)).toEqual(['BUNDLE_UNREADABLE', 'one']);
  });

  it('lets a source hold its questions where that can', async () => {
    const scene = aScene('one');
    scene.source.canWait = true;
    await fetch(scene);
    await fetch(scene);
    const watching = new AbortController();
    const told = new Promise<void>((resolve) => scene.feed.watch(async () => resolve(), watching.signal));
    await told;
    watching.abort();
    expect(scene.source.asked.map(({ waitMs }) => waitMs)).toEqual([0, 0, 60_000]);
  });

  it('ends with its signal', async () => {
    const scene = aScene('one', { refreshMs: 5 });
    const watching = new AbortController();
    let calls = 0;
    await new Promise<void>((resolve) =>
      scene.feed.watch(async () => {
        calls++;
        watching.abort();
        resolve();
      }, watching.signal),
    );
    const { length } = scene.source.asked;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([calls, scene.source.asked.length]).toEqual([1, length]);
  });
});

describe('the time between two questions', () => {
  const situation: Situation = {
    last: 'same',
    failures: 0,
    canWait: false,
    tookMs: 0,
    refreshMs: 120_000,
    random: 0,
  };

  it.each<[string, Partial<Situation>, number]>([
    ['nobody was asked yet', { last: 'nothing' }, 0],
    ['nothing was new', {}, 60_000],
    ['nothing was new, at the latest', { random: 1 }, 120_000],
    ['the source held the question', { canWait: true, tookMs: 30_000 }, 0],
    ['it was to hold it and did not', { canWait: true, tookMs: 1 }, 999],
    ['something was new', { last: 'new', canWait: true }, 60_000],
    ['it failed once', { last: 'failed', failures: 1, random: 1 }, 1_000],
    ['it failed four times', { last: 'failed', failures: 4, random: 1 }, 8_000],
    ['it failed for days', { last: 'failed', failures: 5_000, random: 1 }, 120_000],
  ])('when %s', (_, given, delayMs) => {
    expect(delayBefore({ ...situation, ...given })).toBe(delayMs);
  });
});
