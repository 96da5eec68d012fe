import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { shortHash } from '../core/generation.ts';
import type { GitAddress } from '../core/bundle-address.ts';
import { type Environment, GitFailure, runGit } from './git-program.ts';
import {
  ANSWER_MS,
  MAX_DOWNLOAD_BYTES,
  type Question,
  type Source,
  type SourceAnswer,
  SourceProblem,
} from './source.ts';

export interface GitSourceOptions {
  /** Shown over http and https; empty where nothing is. */
  readonly authorization: string;
  readonly environment: Environment;
  /** Folder in which repositories may lie for as long as a question takes. */
  readonly scratch: string;
  /** Whether a file belongs to a bundle; the others are not read. */
  readonly isWanted: (path: string) => boolean;
}

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
const MOST_LISTING_BYTES = 4 * 1024 * 1024;
const MOST_FILES = 2_000;

/**
 * A folder of a git repository, at a branch, a tag or a commit. The revision is the commit. Only what the ref points to is
 * fetched, without history where the server can do that, into a repository that lives for one question.
 */
export function gitSource(address: GitAddress, options: GitSourceOptions): Source {
  return { ask: (question) => ask({ ...options, address }, question) };
}

interface Asked extends GitSourceOptions {
  readonly address: GitAddress;
}

async function ask(asked: Asked, { known, signal }: Question): Promise<SourceAnswer> {
  const time = AbortSignal.timeout(ANSWER_MS);
  try {
    return await answer(asked, { known, signal: AbortSignal.any([signal, time]) });
  } catch (thrown) {
    signal.throwIfAborted();
    if (!time.aborted) throw thrown;
    throw new SourceProblem(
      `git has not ended within ${ANSWER_MS / 1000} s`,
      'Look at the host of the repository; a smaller repository is fetched faster.',
    );
  }
}

async function answer(asked: Asked, { known, signal }: Omit<Question, 'waitMs'>): Promise<SourceAnswer> {
  await mkdir(asked.scratch, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(asked.scratch, '.git-'));
  try {
    const git: Git = (args, extra = {}) =>
      runGit(args, { ...gitOptions(asked), folder, signal, maxBytes: MOST_LISTING_BYTES, ...extra });
    const target = await targetOf(asked.address, git);
    if (target.commit === known) return { kind: 'same', canWait: false };
    await git(['init', '--quiet', '--bare', '--template=', '.']);
    const commit = await fetchTarget(asked.address, target, git);
    if (commit === known) return { kind: 'same', canWait: false };
    const files = await readFiles(commit, asked, git);
    return { kind: 'new', canWait: false, revision: commit, content: { kind: 'files', files } };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

type Git = (
  args: readonly string[],
  extra?: { readonly input?: string; readonly maxBytes?: number },
) => Promise<Buffer>;

function gitOptions({ address, authorization, environment }: Asked) {
  const { protocol, repository } = address;
  // Bound to the address, so that nothing else that git may ask is shown it.
  const shown =
    authorization === '' ? [] : [[`http.${repository}.extraHeader`, `Authorization: ${authorization}`] as const];
  return { environment, protocol, settings: shown };
}

interface Target {
  /** What is fetched: a full name of a ref, or a commit. */
  readonly name: string;
  readonly commit: string;
}

async function targetOf({ repository, ref }: GitAddress, git: Git): Promise<Target> {
  if (COMMIT.test(ref)) return { name: ref, commit: ref };
  const names = [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/tags/${ref}^{}`];
  const listed = (await git(['ls-remote', '--', repository, ...names])).toString();
  const found = new Map(
    listed.split('\n').flatMap((line) => {
      const [commit = '', name = ''] = line.split('\t');
      return COMMIT.test(commit) ? [[name, commit] as const] : [];
    }),
  );
  const [branch, tag, peeled] = names.map((name) => found.get(name));
  if (branch !== undefined && tag !== undefined)
    throw new SourceProblem(`${ref} is a branch and a tag`, 'Name a commit.');
  const commit = branch ?? peeled ?? tag;
  if (commit === undefined)
    throw new SourceProblem(
      `there is no branch and no tag ${ref} in the repository (any more)`,
      'Name one that is there, or a whole commit.',
    );
  return { name: branch === undefined ? `refs/tags/${ref}` : `refs/heads/${ref}`, commit };
}

/** The commit that was fetched: what the ref points to now, which may have moved since it was asked for. */
async function fetchTarget({ repository, ref }: GitAddress, { name, commit }: Target, git: Git): Promise<string> {
  const options = ['fetch', '--quiet', '--no-tags', '--no-write-commit-graph'];
  try {
    await git([...options, '--depth=1', '--', repository, name]);
  } catch (thrown) {
    if (!(thrown instanceof GitFailure)) throw thrown;
    await fetchWithHistory([...options, '--', repository], { name, commit }, git);
  }
  const wanted = COMMIT.test(ref) ? commit : 'FETCH_HEAD';
  const isThere = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${wanted}^{commit}`]).catch(
    () => undefined,
  );
  if (isThere === undefined)
    throw new SourceProblem(`there is no commit ${ref} in the repository (any more)`, 'Name one that is there.');
  return isThere.toString().trim();
}

/** Plain file servers know no short history, and some servers give no single commit. */
async function fetchWithHistory(command: readonly string[], { name, commit }: Target, git: Git): Promise<void> {
  const isCommit = name === commit;
  await git([...command, ...(isCommit ? ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'] : [name])]);
}

interface Listed {
  readonly id: string;
  readonly path: string;
}

async function readFiles(commit: string, asked: Asked, git: Git): Promise<ReadonlyMap<string, Uint8Array>> {
  const listed = await listFiles(commit, asked, git);
  const input = listed.map(({ id }) => `${id}\n`).join('');
  const maxBytes = MAX_DOWNLOAD_BYTES + MOST_LISTING_BYTES;
  const batch = await git(['cat-file', '--batch'], { input, maxBytes });
  const files = new Map<string, Uint8Array>();
  let at = 0;
  for (const { path } of listed) {
    const end = batch.indexOf(10, at);
    const size = Number(batch.toString('utf8', at, end).split(' ')[2]);
    files.set(path, batch.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return files;
}

async function listFiles(commit: string, { address, isWanted }: Asked, git: Git): Promise<readonly Listed[]> {
  const { folder } = address;
  const tree = await git(['ls-tree', '-r', '-z', '-l', '--full-tree', `${commit}:${folder}`]).catch(
    (cause: unknown) => {
      if (!(cause instanceof GitFailure)) throw cause;
      throw new SourceProblem(
        `there is no folder ${folder} at ${shortHash(commit)}`,
        'Name one after the ref: #REF:FOLDER.',
      );
    },
  );
  const listed: Listed[] = [];
  let bytes = 0;
  for (const entry of tree.toString().split('\0')) {
    const [, mode = '', type = '', id = '', size = '', path = ''] =
      /^(\d+) (\w+) ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(entry) ?? [];
    if (path === '' || !isWanted(path)) continue;
    if (type !== 'blob' || !mode.startsWith('100'))
      throw new SourceProblem(`${JSON.stringify(path.slice(0, 200))} is no regular file`, 'Commit the file itself.');
    bytes += Number(size);
    listed.push({ id, path });
    if (bytes > MAX_DOWNLOAD_BYTES || listed.length > MOST_FILES)
      throw new SourceProblem(
        `it has more than ${MOST_FILES} files, or more than ${MAX_DOWNLOAD_BYTES / 1024 / 1024} MB`,
        'Name a folder with fewer and smaller files.',
      );
  }
  return listed;
}
