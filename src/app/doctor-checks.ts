import { checkClients } from './doctor-clients.ts';
import { checkConfig, checkDashboard, checkLock, checkOtlp, checkSecrets } from './doctor-config.ts';
import { checkLocks } from './doctor-locks.ts';
import { checkDisk, checkDriver, checkHome, checkNode, checkToolchain } from './doctor-machine.ts';
import { checkBundles, checkServers } from './doctor-servers.ts';
import { checkChain, checkGateways, checkPause, checkStore } from './doctor-store.ts';
import { checkNames, checkTokens, checkTools } from './doctor-tools.ts';
import { type Check, fail, type HealthFinding, loadedOf, type Subject } from './doctor.ts';
import { messageOf } from '../core/errors.ts';

/** In the order in which they are told; docs/doctor.md is generated from it. */
export const CHECKS: readonly Check[] = [
  {
    id: 'node',
    about: 'the version of Node that runs the gateway',
    mending: 'Install Node 20.19 or later.',
    run: checkNode,
  },
  {
    id: 'driver',
    about: 'whether SQLite can be loaded',
    mending: 'Use Node 22.13 or later, which has it built in, or rebuild better-sqlite3 with install scripts allowed.',
    run: checkDriver,
  },
  {
    id: 'home',
    about: 'whether the home folder is there, and whether others can read the private files in it',
    mending: '`doctor --fix` makes the folder and closes the files to others.',
    run: checkHome,
  },
  {
    id: 'disk',
    about: 'how much room is left where decisions are kept; what cannot be recorded is refused',
    mending: 'Make room, put the store elsewhere (`decisions.store.path`), or keep less of it (`decisions.retain`).',
    run: (subject) => checkDisk(folderOf(subject)),
  },
  {
    id: 'config',
    about: 'whether there is a configuration and whether it is good',
    mending: '`init` writes one; `config validate` says everything that is wrong with it, with its place.',
    run: checkConfig,
  },
  {
    id: 'lock',
    about: 'whether somebody has accepted what each server is and offers, and whether `mcp-gateway.lock` can be read',
    mending: '`server approve` shows what is new and accepts it; a broken file is taken from version control.',
    run: checkLock,
  },
  {
    id: 'secrets',
    about: 'keys that stand in the configuration in the open',
    mending: '`secret check --fix` moves them into the secret store and leaves `${secret:name}`.',
    run: checkSecrets,
  },
  {
    id: 'store',
    about:
      'whether the decision store can be opened, and whether others can read it; of one in PostgreSQL also, as `store.rights` and `store.clock`, whether this user may write to it, and whether its clock and this machine’s agree',
    mending:
      '`doctor --fix` closes it to others; a store of a newer version needs that version. For PostgreSQL see docs/postgresql.md.',
    run: checkStore,
  },
  {
    id: 'chain',
    about: 'whether the log is whole; of a long one the newest 200,000 records',
    mending: '`decision verify` names the first bad record and what is wrong with it.',
    run: checkChain,
  },
  {
    id: 'pause',
    about: 'whether policies are enforced now',
    mending: '`pause --end` enforces them at once.',
    run: checkPause,
  },
  {
    id: 'gateways',
    about: 'whether all gateways that run on this store decide by the same policies',
    mending: '`status` shows who decides by what since when; compare their configurations, bundles and versions.',
    run: checkGateways,
  },
  {
    id: 'toolchain',
    about: 'whether the Rego toolchain came with the package',
    mending: 'Install the package again.',
    run: checkToolchain,
  },
  {
    id: 'bundle',
    about: 'every bundle, as `bundle.<id>`: whether it decides, in its newest state, enforced',
    mending: '`bundle check` says what is wrong with one in a folder, `policy pull` fetches one anew.',
    run: checkBundles,
  },
  {
    id: 'server',
    about: 'every server, as `server.<id>`: started once, unless `--offline` or `--no-start` is given',
    mending: '`server login` signs in, `server logs` shows what the server said, `server test` tries it alone.',
    run: checkServers,
  },
  {
    id: 'names',
    about: 'the names of tools: Cursor takes 60 characters with its name for the server, models take 64',
    mending: 'Give the server a shorter id; what is too long is shortened with a hash from 48 characters on.',
    run: checkNames,
  },
  {
    id: 'tools',
    about: 'how many tools an agent is shown: Windsurf takes 100, OpenAI 128',
    mending: 'Leave some out with `mcpServers.<id>.tools.exclude`, or give agents fewer with `agents`.',
    run: checkTools,
  },
  {
    id: 'tokens',
    about: 'how much of a model’s context the tools take before anything is asked; an estimate',
    mending: 'As for `tools`; `tool ls` shows what each takes.',
    run: checkTokens,
  },
  {
    id: 'clients',
    about: 'which clients of this machine start servers past the gateway',
    mending: '`connect` writes the gateway into the client’s file in their place.',
    run: checkClients,
  },
  {
    id: 'locks',
    about: 'locks beside files of clients and of secrets that a killed process has left behind',
    mending: '`doctor --fix` removes those; one that a living process holds is left to it.',
    run: checkLocks,
  },
  {
    id: 'dashboard',
    about: 'whether the dashboard is configured, and where',
    mending: 'Set `dashboard.enabled`.',
    run: checkDashboard,
  },
  {
    id: 'otlp',
    about: 'whether traces and metrics are sent anywhere',
    mending: 'Set `telemetry.otlp`.',
    run: checkOtlp,
  },
];

/** Of what is written on this machine: where the store is in PostgreSQL, the keys and checkpoints. */
function folderOf(subject: Subject): string {
  const store = loadedOf(subject)?.config.decisions.store;
  return store?.driver === 'sqlite' ? store.path : subject.home;
}

/** Everything that the checks find, in their order. A check that fails itself is a finding. */
export async function examine(subject: Subject): Promise<readonly HealthFinding[]> {
  const found = await Promise.all(CHECKS.map(async (check) => checked(check, subject)));
  return found.flat();
}

async function checked({ id, run }: Check, subject: Subject): Promise<readonly HealthFinding[]> {
  try {
    return await run(subject);
  } catch (thrown) {
    return [fail(id, `this could not be looked at: ${messageOf(thrown)}`, `mcp-gateway doctor --json`)];
  }
}

/** The page `docs/doctor.md`, whole. */
export function doctorPage(): string {
  const rows = CHECKS.map(({ id, about, mending }) => `| \`${id}\` | ${sentence(about)} | ${mending} |`);
  return `${[INTRODUCTION, ...rows].join('\n')}\n`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

const INTRODUCTION = `# What doctor says

<!-- Generated from src/app/doctor-checks.ts. Do not edit: npx vitest run test/cli/tree.test.ts -u writes it. -->

\`mcp-gateway doctor\` looks at everything that has to be right before an agent can work, and needs nothing of it: it runs
with a broken configuration, without one, without a store, and while gateways run. It asks nobody and never waits for input.

Each finding has an id that stays the same, a state, a sentence, and where something is to be mended the one command that does
it. The states are \`ok\`, \`warn\` (it works, and somebody should look), \`fail\` (something does not work) and \`skip\` (there is
nothing to look at). The exit code is 3 where anything fails, else 0.

\`--fix\` does what loses nothing: it makes the missing home folder and closes files to others, and says what it did.
\`--offline\` and \`--no-start\` start no server. \`--json\` prints one object with \`findings\`, each \`{id, state, words, mend}\`.

| Check | What it looks at | What mends it |
|---|---|---|`;
