import { type Change, planDisconnect, putBack } from '../clients/connection.ts';
import { type ClientPlace, foundAt } from '../clients/find.ts';
import { isRunning } from '../clients/running.ts';
import { GatewayError } from '../core/errors.ts';
import { type ClientMachine, chosenPlaces, clientMachine, type PlaceOptions } from './client-places.ts';
import { askedFor, type ClientResult, failedResult, printResults } from './client-results.ts';
import type { CommandContext } from './context.ts';
import { diffOf, printDiff } from './shown-change.ts';
import { printNote } from './terminal.ts';

export interface DisconnectOptions extends PlaceOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
  /** Another machine than the one it runs on. */
  readonly tools?: ClientMachine;
}

interface Disconnecting {
  readonly options: DisconnectOptions;
  readonly tools: ClientMachine;
  readonly results: ClientResult[];
}

/**
 * Takes the gateway out of clients. A file that nobody has changed since it was connected becomes what it was, byte by
 * byte; of another one our entry alone is taken out, and the servers that `connect --replace` took out are put back.
 */
export async function disconnect(
  context: CommandContext,
  ids: readonly string[],
  options: DisconnectOptions,
): Promise<void> {
  const tools = options.tools ?? clientMachine(context);
  const results: ClientResult[] = [];
  const places = chosenPlaces(ids, options, tools.machine);
  const changes = places.flatMap((place) => planned(place, { options, tools, results }));
  if (options.json !== true) for (const change of changes) printDiff(context.terminal, diffOf(change, tools.machine));
  if (options.dryRun === true) {
    results.push(
      ...changes.map((change) =>
        resultOf(change, 'would-change', { ...putBackBy(change), diff: diffOf(change, tools.machine) }),
      ),
    );
    return printResults(context, { command: 'disconnect', results, json: options.json });
  }
  const names = [...new Set(changes.map(({ place }) => place.client.name))].join(', ');
  const isAsking = changes.length > 0 && options.yes !== true;
  if (isAsking && !(await askedFor(context, `Disconnect ${names}?`, options))) {
    return printNote(context.terminal, 'Nothing was changed.');
  }
  results.push(...changes.map((change) => done(change, tools)));
  return printResults(context, { command: 'disconnect', results, json: options.json });
}

function planned(place: ClientPlace, { options, tools, results }: Disconnecting): readonly Change[] {
  const { machine, processes, gatewayHome } = tools;
  try {
    if (options.all === true && foundAt(place, machine).state.kind === 'absent') return [];
    const change = planDisconnect(place, machine, gatewayHome);
    if (change === undefined) {
      results.push(unchanged(place));
      return [];
    }
    const isOpen = options.force !== true && options.dryRun !== true;
    if (!isOpen || !isRunning(place.client, machine.platform, processes)) return [change];
    const { name } = place.client;
    throw new GatewayError('CLIENT_FILE', `${name} is running, and would write over the change when it ends`, {
      mend: `Quit ${name}, also in the tray or the menu bar, and run the command again. --force writes all the same.`,
    });
  } catch (thrown) {
    results.push(failedResult(place, thrown));
    return [];
  }
}

function done(change: Change, { gatewayHome }: ClientMachine): ClientResult {
  try {
    putBack(change, gatewayHome);
    return resultOf(change, 'disconnected', putBackBy(change));
  } catch (thrown) {
    return failedResult(change.place, thrown);
  }
}

function putBackBy({ moved }: Change): Partial<ClientResult> {
  return moved.length > 0 ? { moved } : {};
}

function resultOf({ place }: Change, status: ClientResult['status'], more: Partial<ClientResult>): ClientResult {
  return { ...unchanged(place), status, ...more };
}

function unchanged({ client, scope, path }: ClientPlace): ClientResult {
  return { client: client.id, name: client.name, scope, path, status: 'unchanged', bypassing: [] };
}
