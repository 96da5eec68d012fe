import { existsSync } from 'node:fs';
import { isJsonObject } from '../core/json.ts';
import type { ClientDescription, Dialect } from './description.ts';
import type { ClientScope, ClientServer, ClientState, FoundClient, ReadState, RefusedEntry } from './entry.ts';
import { readFileText } from './file-text.ts';
import { type Machine, pathOn, pathsOf, programOn } from './machine.ts';
import { isOwnEntry } from './own-entry.ts';
import { parseText } from './parse-text.ts';
import { readEntry, type Reading } from './read-entry.ts';
import { CLIENTS } from './table.ts';

/** A place where a client may keep its servers on this machine. */
export interface ClientPlace {
  readonly client: ClientDescription;
  readonly scope: ClientScope;
  /** Absolute. */
  readonly path: string;
  /** Members on the way to the servers. */
  readonly at: readonly string[];
}

/**
 * Reads what every client has. A place for the user is always among them, of several alternatives those that are there; one
 * of the project only where there is such a file. Throws nothing: what is wrong with a file is its state.
 */
export function findClients(machine: Machine): readonly FoundClient[] {
  return CLIENTS.flatMap((client) => placesOf(client, machine).map((place) => foundAt(place, machine)));
}

/** The places of one client that count on this machine. */
export function placesOf(client: ClientDescription, machine: Machine): readonly ClientPlace[] {
  const all = allPlaces(client, machine);
  const forUser = all.filter(({ scope }) => scope === 'user');
  const there = forUser.filter(({ path }) => existsSync(path));
  const wouldBe = forUser.find(({ path }) => existsSync(folderOf(path, machine))) ?? forUser[0];
  const missing = wouldBe === undefined ? [] : [wouldBe];
  const others = all.filter((place) => place.scope !== 'user' && existsSync(place.path));
  // In the folder of the user, what is a project's elsewhere is the user's.
  const further = others.filter((place) => !forUser.some((one) => isSame(one, place)));
  return [...(there.length > 0 ? there : missing), ...further];
}

function isSame(left: ClientPlace, right: ClientPlace): boolean {
  return left.path === right.path && left.at.join('.') === right.at.join('.');
}

/** Every place of a client on this platform, whether anything is there or not. */
export function allPlaces(client: ClientDescription, machine: Machine): readonly ClientPlace[] {
  return client.places.flatMap(({ scope, path, at }) => {
    const template = path[machine.platform];
    if (template === undefined) return [];
    const members = at.map((member) => (member === '.' ? machine.workingFolder : member));
    return [{ client, scope, path: pathOn(machine, template), at: members }];
  });
}

/** What stands at a place now. */
export function foundAt(place: ClientPlace, machine: Machine): FoundClient {
  const { client, scope, path } = place;
  return { id: client.id, name: client.name, scope, path, state: stateOf(place, machine) };
}

function stateOf(place: ClientPlace, machine: Machine): ClientState {
  const file = readFileText(place.path);
  if (file.kind === 'unreadable') return { kind: 'broken', problem: `${place.path} ${file.why}` };
  if (file.kind === 'text') return stateOfText(file.text, place, machine);
  return place.scope === 'user' && isInstalled(place.client, machine) ? { kind: 'empty' } : { kind: 'absent' };
}

/** What the text of a file at this place says. */
export function stateOfText(text: string, place: ClientPlace, machine: Machine): ClientState {
  const { client, path, at } = place;
  const parsed = parseText(text, client.syntax);
  if (parsed.kind === 'problem') {
    const { line, column, what } = parsed;
    return { kind: 'broken', problem: `${path}:${String(line)}:${String(column)} ${what}` };
  }
  const servers = at.reduce<unknown>(memberOf, parsed.value ?? {});
  if (parsed.value !== undefined && !isJsonObject(parsed.value)) return broken(path, 'holds no object');
  if (servers === undefined || servers === null) return NOTHING;
  const entries = entriesIn(servers, client.dialect);
  if (entries === undefined) return broken(path, `has ${at.join('.')} that is not ${SHAPES[client.dialect.shape]}`);
  return readState(entries, { client, machine });
}

const NOTHING: ReadState = { kind: 'read', servers: [], refused: [], isConnected: false, ownNames: [] };
const SHAPES = { map: 'an object', list: 'a list' } as const;

type Entry = readonly [name: string, value: unknown];

/** What each entry of the text is called, with its value. Undefined where the servers have the wrong shape. */
function entriesIn(servers: unknown, { shape }: Dialect): readonly Entry[] | undefined {
  if (shape === 'map') return isJsonObject(servers) ? Object.entries(servers) : undefined;
  if (!Array.isArray(servers)) return undefined;
  return servers.map((value: unknown, index): Entry => [nameIn(value) ?? `number ${String(index + 1)}`, value]);
}

function nameIn(value: unknown): string | undefined {
  const name = isJsonObject(value) ? value['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

function readState(entries: readonly Entry[], reading: Reading): ReadState {
  const servers: ClientServer[] = [];
  const refused: RefusedEntry[] = [];
  const ownNames: string[] = [];
  for (const [name, value] of entries) {
    const entry = readEntry(name, value, reading);
    if (entry.kind === 'refused') refused.push(entry.refused);
    if (entry.kind !== 'server') continue;
    if (isOwnEntry(entry.server)) ownNames.push(name);
    else if (entry.isOff) refused.push({ name, why: 'is switched off', isOff: true });
    else servers.push(entry.server);
  }
  return { kind: 'read', servers, refused, isConnected: ownNames.length > 0, ownNames };
}

/** Whether the client itself seems to be on this machine. */
export function isInstalled(client: ClientDescription, machine: Machine): boolean {
  if (client.program !== undefined && programOn(machine, client.program) !== undefined) return true;
  const signs = client.signs?.map((sign) => pathOn(machine, sign));
  const folders = allPlaces(client, machine).filter(({ scope }) => scope === 'user');
  return (signs ?? folders.map(({ path }) => folderOf(path, machine))).some((path) => existsSync(path));
}

function folderOf(path: string, { platform }: Machine): string {
  return pathsOf(platform).dirname(path);
}

function memberOf(value: unknown, key: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function broken(path: string, what: string): ClientState {
  return { kind: 'broken', problem: `${path} ${what}` };
}
