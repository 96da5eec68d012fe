import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { aPlace, type AtEnd, type Place } from './program.ts';

/** The root of the filesystem server. The same in all runs, so that the policy that names it is compiled only once. */
export const SHARED = join(tmpdir(), 'mcp-gateway-test-shared');

/** The reference servers `everything` and `filesystem`, the second with a bundle that an admin points at. */
export function twoServers(atEnd?: AtEnd): Place {
  mkdirSync(SHARED, { recursive: true });
  writeFileSync(join(SHARED, 'note.txt'), 'a note');
  const program = (name: string): string => resolve(`node_modules/@modelcontextprotocol/server-${name}/dist/index.js`);
  const config = `version: 1
decisions: { durability: normal }
mcpServers:
  everything:
    command: ${process.execPath}
    args: [${program('everything')}, stdio]
  files:
    command: ${process.execPath}
    args: [${program('filesystem')}, ${SHARED}]
    policy:
      source: ${resolve('fixtures/bundles/filesystem')}
      data: { roots: [${SHARED}] }
`;
  return aPlace(() => config, atEnd);
}
