import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/paths.ts';
import { readKnownTools } from '../app/known-tools.ts';
import { hasStore, storePlaceOf } from '../app/store-place.ts';
import type { Clock } from '../core/clock.ts';
import { readApprovals } from '../state/approval-reader.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import type { IdsOf, Named, Word } from './completion-words.ts';
import type { ProcessEnvironment } from './environment.ts';

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** So many of the newest: a person looks for what was just decided. */
const MOST = 30;

/** Ids of the configuration and the store, as far as they can be read; none where they cannot. */
export function idsIn(
  { variables, workingFolder, home, userHome }: ProcessEnvironment,
  path: string | undefined,
): IdsOf {
  return async (name) => {
    try {
      const given = path === undefined ? {} : { path };
      const options = { ...given, environment: variables, workingFolder, home, userHome };
      // No id is a secret, and nobody is asked to open a keychain because of a key that was pressed.
      const { config } = loadConfig({ ...options, readSecret: () => 'unread' });
      return await READERS[name](config);
    } catch {
      return [];
    }
  };
}

const READERS: Readonly<Record<Named, (config: Config) => Promise<readonly Word[]> | readonly Word[]>> = {
  servers: ({ mcpServers }) =>
    Object.entries(mcpServers).map(([word, { transport }]) => {
      return { word, about: transport.kind === 'stdio' ? transport.command : transport.kind };
    }),
  agents: ({ agents }) => Object.entries(agents).map(([word, { scope }]) => ({ word, about: scope })),
  bundles: ({ policies, mcpServers }) => [
    ...policies.org.map(({ id, layer }) => ({ word: id, about: layer })),
    ...Object.keys(mcpServers).map((id) => ({ word: id, about: 'the bundle of this server' })),
  ],
  tools: async (config) => {
    const { catalog } = await readKnownTools(config);
    return catalog.listing.map(({ exposedName, server }) => ({ word: exposedName, about: server }));
  },
  decisions: async (config) => {
    const place = storePlaceOf(config);
    if (!(await hasStore(place))) return [];
    const reader = new DecisionReader(place);
    try {
      const records = await reader.list({ limit: MOST });
      return records.map(({ id, effect, server, tool }) => ({ word: id, about: `${effect} ${server}.${tool}` }));
    } finally {
      await reader.close();
    }
  },
  approvals: async (config) => {
    const place = storePlaceOf(config);
    if (!(await hasStore(place))) return [];
    const reader = readApprovals(place);
    try {
      const listed = await reader.book.list({
        limit: MOST,
        status: 'pending',
        nowMs: (await reader.clock(clock)).now(),
      });
      return listed.map(({ id, shown }) => ({ word: id, about: `${shown.server}.${shown.tool}` }));
    } finally {
      await reader.close();
    }
  },
};
