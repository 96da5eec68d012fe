// The few git commands that a code host needs, on bare repositories, through git's own plumbing: no work tree, no checkout.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The object id that `git update-ref` takes for "does not exist yet". */
const NO_OBJECT = '0'.repeat(40);

const AUTHOR = {
  GIT_AUTHOR_NAME: 'code-host',
  GIT_AUTHOR_EMAIL: 'code-host@northwind.example',
  GIT_COMMITTER_NAME: 'code-host',
  GIT_COMMITTER_EMAIL: 'code-host@northwind.example',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
};

/**
 * Runs git in a repository and returns its standard output.
 *
 * @param {string} repository Path of the bare repository.
 * @param {readonly string[]} args
 * @param {{ input?: string, env?: Record<string, string> }} [options]
 * @returns {Promise<string>}
 */
export function git(repository, args, options = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...AUTHOR, ...options.env };
    const child = execFile(
      'git',
      ['--git-dir', repository, ...args],
      { env, maxBuffer: 16 << 20 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`git ${args[0]}: ${stderr.trim() || error.message}`));
        else resolve(stdout);
      },
    );
    // A command that ends before it has read its input breaks the pipe; its exit status says why.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
  });
}

/** @param {string} root @returns {string[]} Names of the repositories below `root`, sorted. */
export function listRepositories(root) {
  return readdirSync(root)
    .filter((entry) => entry.endsWith('.git'))
    .map((entry) => entry.slice(0, -'.git'.length))
    .toSorted();
}

/** @param {string} root @param {string} name @returns {string} Path of an existing repository. */
export function repositoryPath(root, name) {
  const path = join(root, `${name}.git`);
  if (!existsSync(path)) throw new Error(`there is no repository "${name}"`);
  return path;
}

/** @param {string} path @returns {Promise<void>} */
export async function createRepository(path) {
  await git(path, ['init', '--quiet', '--bare', '--initial-branch=main', path]);
}

/** @param {string} repository @returns {Promise<{ name: string, commit: string }[]>} */
export async function listBranches(repository) {
  const lines = await git(repository, ['for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads']);
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', commit = ''] = line.split(' ');
      return { name, commit };
    });
}

/** @param {string} repository @param {string} branch @returns {Promise<string>} The commit a branch points to. */
export async function headOf(repository, branch) {
  try {
    return (await git(repository, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`])).trim();
  } catch {
    throw new Error(`there is no branch "${branch}"`);
  }
}

/** @param {string} repository @param {{ branch: string, path: string }} at @returns {Promise<string>} */
export async function readFile(repository, { branch, path }) {
  const commit = await headOf(repository, branch);
  return git(repository, ['cat-file', 'blob', `${commit}:${path}`]);
}

/** @param {string} repository @param {{ branch: string, text: string }} what @returns {Promise<string[]>} `path:line:text`. */
export async function searchCode(repository, { branch, text }) {
  const commit = await headOf(repository, branch);
  try {
    const found = await git(repository, ['grep', '-n', '-I', '--fixed-strings', '-e', text, commit]);
    return found
      .split('\n')
      .filter(Boolean)
      .map((line) => line.slice(commit.length + 1));
  } catch {
    return [];
  }
}

/** @param {string} repository @param {{ branch: string, from: string }} names @returns {Promise<string>} The new branch's commit. */
export async function createBranch(repository, { branch, from }) {
  await git(repository, ['check-ref-format', `refs/heads/${branch}`]);
  const commit = await headOf(repository, from);
  await git(repository, ['update-ref', `refs/heads/${branch}`, commit, NO_OBJECT]);
  return commit;
}

/** @param {string} repository @param {string} branch @returns {Promise<void>} */
export async function deleteBranch(repository, branch) {
  const commit = await headOf(repository, branch);
  await git(repository, ['update-ref', '-d', `refs/heads/${branch}`, commit]);
}

/**
 * Writes one file as a new commit on a branch. The branch moves only if nobody else moved it meanwhile. A branch of an
 * empty repository is created.
 *
 * @param {string} repository
 * @param {{ branch: string, path: string, content: string, message: string, date?: string }} change
 * @returns {Promise<string>} The new commit.
 */
export async function commitFile(repository, { branch, path, content, message, date }) {
  const isFirst = (await listBranches(repository)).length === 0;
  const parent = isFirst ? NO_OBJECT : await headOf(repository, branch);
  const scratch = mkdtempSync(join(tmpdir(), 'code-host-'));
  try {
    const env = { GIT_INDEX_FILE: join(scratch, 'index') };
    const blob = (await git(repository, ['hash-object', '-w', '--stdin'], { input: content })).trim();
    if (!isFirst) await git(repository, ['read-tree', parent], { env });
    await git(repository, ['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env });
    const tree = (await git(repository, ['write-tree'], { env })).trim();
    const commit = await commitTree(repository, { tree, parents: isFirst ? [] : [parent], message, date });
    await git(repository, ['update-ref', `refs/heads/${branch}`, commit, parent]);
    return commit;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {string} repository @param {{ base: string, head: string, message: string }} what @returns {Promise<string>} The merge commit. */
export async function mergeBranches(repository, { base, head, message }) {
  const ours = await headOf(repository, base);
  const theirs = await headOf(repository, head);
  const tree = (await git(repository, ['merge-tree', '--write-tree', ours, theirs])).split('\n')[0] ?? '';
  const commit = await commitTree(repository, { tree, parents: [ours, theirs], message });
  await git(repository, ['update-ref', `refs/heads/${base}`, commit, ours]);
  return commit;
}

/** @param {string} repository @param {{ tree: string, parents: string[], message: string, date?: string | undefined }} what */
async function commitTree(repository, { tree, parents, message, date }) {
  const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-m', message];
  const env = date === undefined ? {} : { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  return (await git(repository, args, { env })).trim();
}
