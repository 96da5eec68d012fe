#!/usr/bin/env node
// Git repositories on disk as an MCP server, on the SDK's 1.x line.
//
//   node server.mjs FOLDER [--seed]
//
// FOLDER holds bare repositories (NAME.git) and their pull requests (NAME.pulls.json); --seed adds the examples `website`
// and `checkout` where they are missing. Sentinels (../sentinels.mjs): the `path` of read_file.

import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { obeySentinel } from '../sentinels.mjs';
import * as git from './git.mjs';
import { addPullRequest, markMerged, openPullRequest, readPullRequests } from './pull-requests.mjs';
import { seed } from './seed.mjs';

const [folder, ...flags] = process.argv.slice(2);
if (folder === undefined || folder.startsWith('--')) {
  process.stderr.write('usage: node server.mjs FOLDER [--seed]\n');
  process.exit(2);
}
const root = resolve(folder);
mkdirSync(root, { recursive: true });
if (flags.includes('--seed')) await seed(root);

const Repository = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
  .describe('Name of the repository');
const Branch = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/)
  .describe('Name of a branch, without refs/heads/');
const Path = z.string().min(1).max(500).describe('Path of a file from the root of the repository');

const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const WRITES = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false };
const DESTROYS = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false };

const server = new McpServer({ name: 'code-host', version: '1.0.0' });
/** @param {string} name */
const open = (name) => git.repositoryPath(root, name);

server.registerTool(
  'list_repositories',
  { description: 'Lists the repositories.', inputSchema: z.strictObject({}), annotations: READS },
  async () => answer(git.listRepositories(root)),
);

server.registerTool(
  'list_branches',
  {
    description: 'Lists the branches of a repository with the commit each points to.',
    inputSchema: z.strictObject({ repository: Repository }),
    annotations: READS,
  },
  async ({ repository }) => answer(await git.listBranches(open(repository))),
);

server.registerTool(
  'read_file',
  {
    description: 'Reads a text file from a branch.',
    inputSchema: z.strictObject({ repository: Repository, path: Path, branch: Branch.default('main') }),
    annotations: READS,
  },
  async ({ repository, path, branch }) =>
    (await obeySentinel(path)) ??
    answer(await git.readFile(open(repository), { branch, path: withoutLeadingSlash(path) })),
);

server.registerTool(
  'search_code',
  {
    description: 'Finds the lines of a branch that contain a text.',
    inputSchema: z.strictObject({
      repository: Repository,
      text: z.string().min(1).max(200),
      branch: Branch.default('main'),
    }),
    annotations: READS,
  },
  async ({ repository, text, branch }) => answer(await git.searchCode(open(repository), { branch, text })),
);

server.registerTool(
  'create_branch',
  {
    description: 'Creates a branch.',
    inputSchema: z.strictObject({ repository: Repository, branch: Branch, from: Branch.default('main') }),
    annotations: WRITES,
  },
  async ({ repository, branch, from }) =>
    answer({ branch, commit: await git.createBranch(open(repository), { branch, from }) }),
);

server.registerTool(
  'commit_file',
  {
    description: 'Writes one file as a commit on an existing branch.',
    inputSchema: z.strictObject({
      repository: Repository,
      branch: Branch,
      path: Path,
      content: z.string().max(400_000),
      message: z.string().min(1).max(1000),
    }),
    annotations: WRITES,
  },
  async ({ repository, path, ...change }) =>
    answer({ commit: await git.commitFile(open(repository), { ...change, path: withoutLeadingSlash(path) }) }),
);

server.registerTool(
  'delete_branch',
  {
    description: 'Deletes a branch.',
    inputSchema: z.strictObject({ repository: Repository, branch: Branch }),
    annotations: DESTROYS,
  },
  async ({ repository, branch }) => {
    await git.deleteBranch(open(repository), branch);
    return answer({ deleted: branch });
  },
);

server.registerTool(
  'list_pull_requests',
  {
    description: 'Lists the pull requests of a repository.',
    inputSchema: z.strictObject({ repository: Repository }),
    annotations: READS,
  },
  async ({ repository }) => answer(readPullRequests(open(repository))),
);

server.registerTool(
  'open_pull_request',
  {
    description: 'Opens a pull request from one branch into another.',
    inputSchema: z.strictObject({
      repository: Repository,
      title: z.string().min(1).max(200),
      head: Branch,
      base: Branch.default('main'),
    }),
    annotations: WRITES,
  },
  async ({ repository, title, head, base }) => {
    await git.headOf(open(repository), head);
    await git.headOf(open(repository), base);
    return answer(addPullRequest(open(repository), { title, head, base }));
  },
);

server.registerTool(
  'merge_pull_request',
  {
    description: 'Merges an open pull request into its base branch.',
    inputSchema: z.strictObject({ repository: Repository, number: z.int().min(1) }),
    annotations: WRITES,
  },
  async ({ repository, number }) => {
    const { head, base, title } = openPullRequest(open(repository), number);
    const commit = await git.mergeBranches(open(repository), { base, head, message: `Merge #${number}: ${title}` });
    return answer(markMerged(open(repository), number, commit));
  },
);

await server.connect(new StdioServerTransport());

/** @param {unknown} value */
function answer(value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return { content: [{ type: /** @type {const} */ ('text'), text }] };
}

/** @param {string} path */
function withoutLeadingSlash(path) {
  return path.replace(/^\/+/, '');
}
