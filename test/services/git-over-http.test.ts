import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBundleAddress } from '../../src/core/bundle-address.ts';
import { belongsToBundle } from '../../src/policy/bundle-path.ts';
import { gitSource } from '../../src/source/git-source.ts';
import { basicAuthorization } from '../../src/source/http-get.ts';
import type { SourceAnswer } from '../../src/source/source.ts';
import { startService, type WebService } from '../source/a-bundle-service.ts';
import { Repository } from '../source/a-repository.ts';
import { HOURS, MORE_HOURS } from '../source/published.ts';
import { gitHost } from './git-host.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'mcp-gateway-git-http-'));
const SECRET = 'only-for-the-repository';
const AUTHORIZATION = basicAuthorization('reader', SECRET);
const ARGUMENTS = join(FOLDER, 'arguments');
const repository = new Repository(FOLDER);
const commits: string[] = [];
let host: WebService;

beforeAll(async () => {
  const under = (files: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(files).map(([path, text]) => [`bundles/hours/${path}`, text]));
  commits.push(repository.commit(under(HOURS)));
  repository.git('tag', '--annotate', '--message', 'One', 'v1');
  commits.push(repository.commit(under(MORE_HOURS)));
  repository.publish();
  host = await startService(gitHost({ root: FOLDER, authorization: AUTHORIZATION }));
  // A git before git, which writes down what it is told.
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  writeFileSync(join(FOLDER, 'git'), `#!/bin/sh\necho "$@" >> ${ARGUMENTS}\nexec ${git} "$@"\n`);
  chmodSync(join(FOLDER, 'git'), 0o755);
});

afterAll(() => {
  host.close();
  rmSync(FOLDER, { recursive: true, force: true, maxRetries: 5 });
});

function ask(
  kind: 'smart' | 'dumb',
  fragment: string,
  { authorization = AUTHORIZATION, known = '' } = {},
): Promise<SourceAnswer> {
  const read = readBundleAddress(`git+${host.url}${kind}/policy.git#${fragment}`);
  if (read.kind === 'refused' || read.address.kind !== 'git') throw new Error('no address of git');
  const environment = { ...process.env, PATH: `${FOLDER}:${process.env['PATH']}`, HOME: FOLDER };
  const options = { authorization, environment, scratch: join(FOLDER, 'home'), isWanted: belongsToBundle };
  return gitSource(read.address, options).ask({ known, waitMs: 0, signal: new AbortController().signal });
}

const expected = (files: Readonly<Record<string, string>>) =>
  new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));

describe.each(['smart', 'dumb'] as const)('a %s web server', (kind) => {
  test.each([
    ['main', 1, MORE_HOURS],
    ['v1', 0, HOURS],
  ])('gives the folder at %s', async (ref, at, files) => {
    const answer = await ask(kind, `${ref}:bundles/hours`);
    expect(answer).toMatchObject({ kind: 'new', revision: commits[at], content: { files: expected(files) } });
  });

  test('gives the folder at a commit that no ref points to', async () => {
    expect(await ask(kind, `${commits[0]}:bundles/hours`)).toMatchObject({ content: { files: expected(HOURS) } });
  });

  test('is asked for its ref alone when nothing is newer', async () => {
    expect(await ask(kind, 'main:bundles/hours', { known: commits[1] ?? '' })).toEqual({
      kind: 'same',
      canWait: false,
    });
  });

  test('that has no such ref any more is told', async () => {
    await expect(ask(kind, 'gone')).rejects.toThrow(/there is no branch and no tag gone/);
  });
});

test('who may not read is told so, and nobody is asked for a password', async () => {
  await expect(ask('smart', 'main', { authorization: basicAuthorization('reader', 'wrong') })).rejects.toThrow(
    /^git ls-remote says: .*(Authentication failed|could not read Username|terminal prompts disabled)/,
  );
});

test('what is shown to the repository is in no argument of git', async () => {
  await ask('smart', 'v1:bundles/hours');
  const told = readFileSync(ARGUMENTS, 'utf8');
  expect(told).toMatch(/^fetch .*refs\/tags\/v1$/m);
  expect(told).not.toMatch(new RegExp(`${SECRET}|${AUTHORIZATION.slice('Basic '.length)}|[Aa]uthorization`));
});
