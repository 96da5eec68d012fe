import type { Backup } from '../clients/backups.ts';
import { carryOut, type Change, planConnect } from '../clients/connection.ts';
import { type ClientPlace, foundAt } from '../clients/find.ts';
import { carryOutNatively, nativeCommandFor } from '../clients/native.ts';
import type { Launch } from '../clients/own-entry.ts';
import { isRunning } from '../clients/running.ts';
import { snippetFor } from '../clients/snippet.ts';
import { GatewayError } from '../core/errors.ts';
import { type ClientMachine, chosenPlaces, clientMachine, type PlaceOptions } from './client-places.ts';
import { askedFor, type ClientResult, failedResult, printResults } from './client-results.ts';
import type { CommandContext } from './context.ts';
import { configOf, isPassing, type LaunchOptions, launchOf } from './launch.ts';
import { diffOf, printDiff } from './shown-change.ts';
import { printJson, printNote, printPage, visible } from './terminal.ts';

export interface ConnectOptions extends PlaceOptions, LaunchOptions {
  readonly dryRun?: boolean;
  readonly print?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly replace?: boolean;
  /** False edits the file where the client has a command of its own, too. */
  readonly native?: boolean;
  readonly managed?: string | boolean;
  readonly json?: boolean;
  /** Another machine than the one it runs on. */
  readonly tools?: ClientMachine;
}

/** One file, and what is to be done with it. */
interface Plan {
  readonly place: ClientPlace;
  /** Undefined where it is connected already. */
  readonly change: Change | undefined;
}

/**
 * Registers the gateway with clients: shows first what changes in their files, writes when the person says so, and keeps a
 * backup of each. What cannot be done for one client keeps no other one waiting; the exit code tells of it. Answers what
 * came of each.
 */
export async function connect(
  context: CommandContext,
  ids: readonly string[],
  options: ConnectOptions,
): Promise<readonly ClientResult[]> {
  const tools = options.tools ?? clientMachine(context);
  const launch = launchOf(context, options);
  if (options.managed !== undefined && options.managed !== false) {
    (await import('./managed.ts')).writeManaged(context, launch, options);
    return [];
  }
  const places = chosenPlaces(ids, options, tools.machine);
  if (options.print === true) {
    printSnippets(context, places, { launch, options });
    return [];
  }
  const results: ClientResult[] = [];
  const imported = options.replace === true ? await importedOf(context, options) : NOTHING_MOVED;
  const connecting = { context, launch, options, tools, results, imported };
  const plans = places.flatMap((place) => planned(place, connecting));
  const changes = plans.flatMap(({ change }) => (change === undefined ? [] : [change]));
  results.push(
    ...plans.filter(({ change }) => change === undefined).map(({ place }) => resultOf(place, tools, 'unchanged')),
  );
  if (options.json !== true) for (const change of changes) printDiff(context.terminal, diffOf(change, tools.machine));
  if (options.dryRun === true) {
    results.push(
      ...changes.map((change) => ({
        ...resultOf(change.place, tools, 'would-change'),
        diff: diffOf(change, tools.machine),
      })),
    );
    return printed(context, results, options);
  }
  if (changes.length > 0 && !(await isWanted(context, changes, options))) {
    printNote(context.terminal, 'Nothing was changed.');
    return [];
  }
  if (isPassing(launch)) printNote(context.terminal, PASSING);
  for (const change of changes) results.push(await done(change, connecting));
  return printed(context, results, options);
}

function printed(
  context: CommandContext,
  results: readonly ClientResult[],
  { json }: ConnectOptions,
): readonly ClientResult[] {
  printResults(context, { command: 'connect', results, json });
  return results;
}

const PASSING =
  'This mcp-gateway lies in the cache of npx, which may be emptied. Install it with `npm install -g mcp-gateway` and connect again, or add --npx.';

interface Connecting {
  readonly context: CommandContext;
  readonly launch: Launch;
  readonly options: ConnectOptions;
  readonly tools: ClientMachine;
  readonly results: ClientResult[];
  /** Names of a place's servers that the configuration has, and of those that it lacks. */
  readonly imported: Imported;
}

type Imported = (place: ClientPlace) => { readonly known: readonly string[]; readonly missing: readonly string[] };

const NOTHING_MOVED: Imported = () => ({ known: [], missing: [] });

async function importedOf(context: CommandContext, options: ConnectOptions): Promise<Imported> {
  const { makeDraft } = await import('./init-draft.ts');
  return ({ client, path }) => {
    const config = configOf(context, options);
    const { plan } = makeDraft(context, { from: [client.id], start: false, config });
    const here = plan.servers.flatMap(({ from }) => from).filter((origin) => origin.path === path);
    const known = plan.known.filter((origin) => origin.path === path);
    return { known: known.map(({ name }) => name), missing: here.map(({ name }) => name) };
  };
}

function planned(place: ClientPlace, { launch, options, tools, results, imported }: Connecting): readonly Plan[] {
  try {
    const { machine, processes } = tools;
    const state = foundAt(place, machine).state.kind;
    // Nobody asked for it by its name where --all brought it here.
    if (options.all === true && state === 'absent') return [];
    const moved = movable(place, imported);
    const change = planConnect(place, machine, { launch, moved });
    const isOpen = change !== undefined && options.force !== true && options.dryRun !== true;
    if (isOpen && isRunning(place.client, machine.platform, processes)) throw stillRunning(place);
    return [{ place, change }];
  } catch (thrown) {
    results.push(failedResult(place, thrown));
    return [];
  }
}

function stillRunning({ client }: ClientPlace): GatewayError {
  return new GatewayError('CLIENT_FILE', `${client.name} is running, and would write over the change when it ends`, {
    mend: `Quit ${client.name}, also in the tray or the menu bar, and run the command again. --force writes all the same.`,
  });
}

/** Servers that can be taken out. Throws USAGE where one would be lost. */
function movable(place: ClientPlace, imported: Imported): readonly string[] {
  const { known, missing } = imported(place);
  if (missing.length === 0) return known;
  const names = missing.join(', ');
  throw new GatewayError('USAGE', `${names} of ${place.client.name} would be lost: the configuration lacks them`, {
    mend: `Take them over first with \`mcp-gateway client import ${place.client.id}\`.`,
  });
}

/** Throws USAGE where nobody is there to be asked. */
async function isWanted(
  context: CommandContext,
  changes: readonly Change[],
  options: ConnectOptions,
): Promise<boolean> {
  if (options.yes === true) return true;
  const names = [...new Set(changes.map(({ place }) => place.client.name))].join(', ');
  return askedFor(context, `Connect ${names}?`, options);
}

async function done(change: Change, { launch, options, tools }: Connecting): Promise<ClientResult> {
  const { place } = change;
  try {
    const keeping = { home: tools.gatewayHome, time: tools.time() };
    const command = options.native === false ? undefined : nativeCommandFor(change, tools.machine, launch);
    const backup =
      (command && carryOutNatively(change, keeping, { command, run: tools.run })) ?? carryOut(change, keeping);
    await refuseUndone(change, backup, { options, tools });
    const { moved } = change;
    return { ...resultOf(place, tools, 'connected'), backup: backup.id, ...(moved.length > 0 && { moved }) };
  } catch (thrown) {
    return failedResult(place, thrown);
  }
}

/** A client that runs may put its own version back. */
async function refuseUndone(
  { place }: Change,
  { id }: Backup,
  { options, tools }: Pick<Connecting, 'options' | 'tools'>,
): Promise<void> {
  const { machine, processes } = tools;
  if (options.force === true && isRunning(place.client, machine.platform, processes)) await tools.settle();
  const { state } = foundAt(place, machine);
  if (state.kind === 'read' && state.isConnected) return;
  throw new GatewayError('CLIENT_FILE', `${place.client.name} has written ${place.path} anew, without our entry`, {
    mend: `Quit ${place.client.name} and run the command again. The file as it was before is the backup ${id}.`,
  });
}

function resultOf(place: ClientPlace, { machine }: ClientMachine, status: ClientResult['status']): ClientResult {
  const { state } = foundAt(place, machine);
  const others = state.kind === 'read' ? [...state.servers, ...state.refused.filter(({ isOff }) => !isOff)] : [];
  const bypassing = others.map(({ name }) => name);
  return { client: place.client.id, name: place.client.name, scope: place.scope, path: place.path, status, bypassing };
}

function printSnippets(
  { terminal }: CommandContext,
  places: readonly ClientPlace[],
  { launch, options }: Pick<Connecting, 'launch' | 'options'>,
): void {
  const snippets = places.map((place) => ({
    client: place.client.id,
    path: place.path,
    text: snippetFor(place, launch),
  }));
  if (options.json === true) return printJson(terminal, 'connect', { snippets });
  for (const { path, text } of snippets) {
    // What can be pasted goes where it can be piped from.
    printNote(terminal, visible(`${path}:`));
    printPage(terminal, text);
  }
}
