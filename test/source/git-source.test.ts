import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundleAddress } from '../../src/core/bundle-address.ts';
import { belongsToBundle } from '../../src/policy/bundle-path.ts';
import { gitSource } from '../../src/source/git-source.ts';
import type { SourceAnswer } from '../../src/source/source.ts';
import { Repository } from './a-repository.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'mcp-gateway-git-'));
const SCRATCH = join(FOLDER, 'home/bundles');
const commits: string[] = [];
const repository = new Repository(FOLDER);

beforeAll(() => {
  const commit = (files: Readonly<Record<string, string>>): void => void commits.push(repository.commit(files));
  commit({
    'README.md': '# Policies',
    'bundles/github/.manifest': '{}',
    'bundles/github/policy.rego': 'package github\n',
    'bundles/github/vendor/library.rego': 'package gateway.v1\n',
    'bundles/github/README.md': '# GitHub',
  });
  repository.git('tag', '--annotate', '--message', 'One', 'v1');
  commit({ 'bundles/github/policy.rego': 'package github\n\nallow := set()\n' });
  mkdirSync(join(repository.work, 'linked'));
  symlinkSync('../bundles/github/policy.rego', join(repository.work, 'linked/policy.rego'));
  commit({ 'linked/.manifest': '{}' });
  repository.git('branch', 'both');
  repository.git('tag', 'both');
  repository.publish();
});

afterAll(() => rmSync(FOLDER, { recursive: true, force: true, maxRetries: 5 }));

function ask(fragment: string, { known = '', path = repository.bare } = {}): Promise<SourceAnswer> {
  const read = readBundleAddress(`git+file://${path}#${fragment}`);
  if (read.kind === 'refused' || read.address.kind !== 'git') throw new Error('no address of git');
  const options = { authorization: '', environment: process.env, scratch: SCRATCH, isWanted: belongsToBundle };
  return gitSource(read.address, options).ask({ known, waitMs: 0, signal: new AbortController().signal });
}

/** The revision, and the files as text. */
async function had(fragment: string): Promise<readonly [string, Readonly<Record<string, string>>]> {
  const answer = await ask(fragment);
  if (answer.kind !== 'new' || answer.content.kind !== 'files') throw new Error('no files came');
  const files = [...answer.content.files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()] as const);
  return [answer.revision, Object.fromEntries(files)];
}

describe('a repository', () => {
  it('gives the files of a folder at a branch', async () => {
    const files = { '.manifest': '{}', 'policy.rego': 'package github\n\nallow := set()\n' };
    expect(await had('main:bundles/github')).toEqual([commits[2], files]);
  });

  it('gives them as they were at a tag, and at a commit', async () => {
    const files = { '.manifest': '{}', 'policy.rego': 'package github\n' };
    expect(await had('v1:bundles/github')).toEqual([commits[0], files]);
    expect(await had(`${commits[0]}:bundles/github`)).toEqual([commits[0], files]);
  });

  it('that has nothing newer is not fetched', async () => {
    const known = commits[2] ?? '';
    expect(await ask('main', { known })).toEqual({ kind: 'same', canWait: false });
    expect(await ask(known, { known })).toEqual({ kind: 'same', canWait: false });
  });

  it.each([
    ['gone', /there is no branch and no tag gone in the repository \(any more\)/],
    ['f'.repeat(40), /there is no commit f{40} in the repository \(any more\)/],
    ['both', /both is a branch and a tag/],
    ['main:bundles/gitlab', /there is no folder bundles\/gitlab at [0-9a-f]{12}/],
    ['main:linked', /"policy.rego" is no regular file/],
  ])('at %s has no bundle', async (fragment, why) => {
    await expect(ask(fragment)).rejects.toThrow(why);
  });

  it('that is not there is told in the words of git', async () => {
    await expect(ask('main', { path: join(FOLDER, 'none.git') })).rejects.toThrow(/^git ls-remote says: .*none\.git/);
  });

  it('leaves nothing behind', async () => {
    await ask('v1:bundles/github');
    await ask('gone').catch(() => undefined);
    expect(readdirSync(SCRATCH)).toEqual([]);
  });
});
