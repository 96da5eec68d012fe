import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import { SourceCache } from '../../src/source/source-cache.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'mcp-gateway-sources-'));
let count = 0;

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

function aCache(): SourceCache {
  return new SourceCache(join(FOLDER, `bundle-${count++}`));
}

const files = (text: string) => new Map([['policy.rego', Buffer.from(text)]]);

describe('what is kept of a bundle', () => {
  it('is the last good, with when it came and was confirmed', async () => {
    const cache = aCache();
    expect([await cache.read(), (await cache.state()).revision]).toEqual([undefined, '']);
    await cache.keep(files('one'), { revision: '"1"', nowMs: 1000 });
    await cache.confirm('"1"', 2000);
    const kept = await new SourceCache(cache.folder).read();
    expect(kept?.files).toEqual(files('one'));
    expect(kept?.state).toMatchObject({ revision: '"1"', fetchedMs: 1000, confirmedMs: 2000 });
  });

  it('stays when its source cannot be had, and why is kept until it can', async () => {
    const cache = aCache();
    await cache.keep(files('one'), { revision: '"1"', nowMs: 1000 });
    await cache.noteProblem('there is nothing at this address', 3000);
    expect(await cache.state()).toMatchObject({
      revision: '"1"',
      confirmedMs: 1000,
      problem: { atMs: 3000, message: 'there is nothing at this address' },
    });
    expect((await cache.read())?.files).toEqual(files('one'));
    await cache.confirm('"1"', 4000);
    expect((await cache.state()).problem).toBeUndefined();
  });

  it('is not confirmed by what is said of another revision', async () => {
    const cache = aCache();
    await cache.keep(files('two'), { revision: '"2"', nowMs: 1000 });
    await cache.confirm('"1"', 2000);
    expect((await cache.state()).confirmedMs).toBe(1000);
  });

  it('keeps the one before for whoever is just reading it, and no more', async () => {
    const cache = aCache();
    for (const text of ['one', 'two', 'three', 'three']) await cache.keep(files(text), { revision: text, nowMs: 0 });
    expect(readdirSync(cache.folder).filter((name) => name.endsWith('.bundle'))).toHaveLength(2);
    expect((await cache.read())?.files).toEqual(files('three'));
  });

  it('is for its owner alone', async () => {
    const cache = aCache();
    await cache.keep(files('one'), { revision: '"1"', nowMs: 0 });
    const modes = readdirSync(cache.folder).map((name) => statSync(join(cache.folder, name)).mode & 0o777);
    expect(new Set(modes)).toEqual(new Set([0o600]));
  });

  it('is refused when somebody has changed it', async () => {
    const cache = aCache();
    await cache.keep(files('one'), { revision: '"1"', nowMs: 0 });
    const { digest } = await cache.state();
    const other = aCache();
    await other.keep(files('two'), { revision: '"2"', nowMs: 0 });
    const contents = join(other.folder, `${(await other.state()).digest}.bundle`);
    for (const bytes of [Buffer.from('no archive'), Buffer.from('')]) {
      writeFileSync(join(cache.folder, `${digest}.bundle`), bytes);
      await expect(cache.read()).rejects.toThrow(GatewayError);
    }
    rmSync(join(cache.folder, `${digest}.bundle`));
    await expect(cache.read()).rejects.toThrow(/has changed/);
    expect(statSync(contents).size).toBeGreaterThan(0);
  });
});
