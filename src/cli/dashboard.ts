import type { DashboardGround } from '../app/dashboard.ts';
import { openDashboard } from '../app/dashboard.ts';
import { type LinkMaker, makeLink } from '../app/dashboard-people.ts';
import type { LoadedConfig } from '../config/load.ts';
import { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { placeOf } from '../dashboard/place.ts';
import type { Store } from '../state/store.ts';
import { acting } from './acting.ts';
import { identifyAnswerer } from './approver.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { stderrLogger } from './log.ts';
import { printJson, printLine, printNote } from './terminal.ts';
import { VERSION } from './version.ts';

export interface DashboardOptions extends ConfigOption {
  readonly json?: boolean;
  readonly logLevel: string;
}

/** Shows the dashboard in the foreground until the process is told to end. */
export function show(context: CommandContext, options: DashboardOptions): Promise<void> {
  return acting(context, options, async ({ loaded, store }) => {
    const door = await openDashboard(
      groundOf(context, { loaded, store, logger: stderrLogger(options.logLevel, loaded.secrets) }),
    );
    const token = await makeLink(store, store.clock, await makerIn(context, store, loaded));
    printLine(context.terminal, `The dashboard is at ${door.url}`);
    printLine(context.terminal, `Open ${door.url}/login#${token} within five minutes; it signs in once.`);
    try {
      if ((await toldToEnd()) === 'SIGINT') context.setExit(EXIT.interrupted);
    } finally {
      await door.close();
    }
  });
}

/** Prints a link for the dashboard that some process shows. */
export function open(context: CommandContext, options: DashboardOptions): Promise<void> {
  return acting(context, options, async ({ loaded, store }) => {
    const { host, port, publicUrl } = loaded.config.dashboard;
    const { url } = placeOf({ host, port, publicUrl });
    await refuseUnshown(url);
    const maker = await makerIn(context, store, loaded);
    const token = await makeLink(store, store.clock, maker);
    const link = `${url}/login#${token}`;
    if (options.json === true) {
      return printJson(context.terminal, 'dashboard-open', { url: link, rights: rightsIn(maker) });
    }
    printLine(context.terminal, link);
    return printNote(context.terminal, `It signs in once, within five minutes${RIGHTS_WORDS[rightsIn(maker)]}.`);
  });
}

type Rights = 'all' | 'approve' | 'read';

const RIGHTS_WORDS: Readonly<Record<Rights, string>> = {
  all: '',
  approve: ', and may look and answer approvals, as the person of the key',
  read: ', and may only look, because it was not made at a terminal',
};

function rightsIn({ readsOnly, key }: LinkMaker): Rights {
  if (readsOnly) return 'read';
  return key === '' ? 'all' : 'approve';
}

const PATIENCE_MS = 3_000;

async function refuseUnshown(url: string): Promise<void> {
  const answer = await fetch(`${url}/api/session`, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
  // Nobody is signed in here, which is what a dashboard says.
  const failure = answer?.status === 401 ? ((await answer.json().catch(() => ({}))) as { code?: string }) : {};
  if (failure.code === 'SIGNED_OUT') return;
  throw new GatewayError('UPSTREAM_UNAVAILABLE', `no dashboard is shown at ${url}`, {
    mend: 'Run `mcp-gateway dashboard`, or set dashboard.enabled: true and start the gateway.',
  });
}

/** The person at the terminal or the holder of a key; anybody else may look. */
async function makerIn(context: CommandContext, store: Store, { config }: LoadedConfig): Promise<LinkMaker> {
  try {
    const { person, groups, key, actor, via } = identifyAnswerer(context, await store.keys(), config.approvals.groups);
    return { person, groups, key, readsOnly: false, actor, via };
  } catch (thrown) {
    if (!(thrown instanceof GatewayError) || thrown.code !== 'APPROVER_NEEDED') throw thrown;
    const { user } = context.environment;
    return { person: user, groups: [], key: '', readsOnly: true, actor: `user:${user}`, via: 'terminal' };
  }
}

export interface Ground {
  readonly loaded: LoadedConfig;
  readonly store: Store;
  readonly logger: Logger;
}

/** What a dashboard stands on in this process. */
export function groundOf(context: CommandContext, { loaded, store, logger }: Ground): DashboardGround {
  const { home, cache, workingFolder, userHome, variables, user: login } = context.environment;
  return {
    store,
    home,
    cache,
    workingFolder,
    userHome,
    login,
    clock: store.clock,
    logger,
    config: loaded.config,
    configPath: loaded.path,
    read: () => readConfig(context, { config: loaded.path }),
    version: VERSION,
    host: {
      platform: process.platform,
      nodePath: process.execPath,
      environment: variables,
    },
  };
}

function toldToEnd(): Promise<NodeJS.Signals> {
  return new Promise((ended) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => ended(name));
  });
}
