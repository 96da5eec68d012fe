// Pull requests, kept as one JSON file beside the repository. Every change is written to a new file that then replaces the old.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * @typedef {object} PullRequest
 * @property {number} number
 * @property {string} title
 * @property {string} head The branch to merge.
 * @property {string} base The branch to merge into.
 * @property {'open' | 'merged'} state
 * @property {string} [merge_commit]
 */

/** @param {string} repository Path of the bare repository. @returns {PullRequest[]} */
export function readPullRequests(repository) {
  const file = fileOf(repository);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

/** @param {string} repository @param {{ title: string, head: string, base: string }} what @returns {PullRequest} */
export function addPullRequest(repository, { title, head, base }) {
  const all = readPullRequests(repository);
  /** @type {PullRequest} */
  const added = { number: all.length + 1, title, head, base, state: 'open' };
  write(repository, [...all, added]);
  return added;
}

/** @param {string} repository @param {number} number @returns {PullRequest} An open pull request. */
export function openPullRequest(repository, number) {
  const found = readPullRequests(repository).find((pull) => pull.number === number);
  if (!found) throw new Error(`there is no pull request ${number}`);
  if (found.state !== 'open') throw new Error(`pull request ${number} is already ${found.state}`);
  return found;
}

/** @param {string} repository @param {number} number @param {string} mergeCommit @returns {PullRequest} */
export function markMerged(repository, number, mergeCommit) {
  /** @type {PullRequest} */
  const merged = { ...openPullRequest(repository, number), state: 'merged', merge_commit: mergeCommit };
  write(
    repository,
    readPullRequests(repository).map((pull) => (pull.number === number ? merged : pull)),
  );
  return merged;
}

/** @param {string} repository @param {PullRequest[]} pulls */
function write(repository, pulls) {
  const next = `${fileOf(repository)}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(pulls, null, 2)}\n`);
  renameSync(next, fileOf(repository));
}

/** @param {string} repository */
function fileOf(repository) {
  return repository.replace(/\.git$/, '.pulls.json');
}
