import type { ClientServer } from '../clients/entry.ts';
import { isJsonObject } from '../core/json.ts';

/** The same for two entries that start or reach the same thing, whatever each client calls it and however it writes it. */
export function targetOf(server: ClientServer): string {
  if (server.kind === 'remote') return JSON.stringify(['url', server.url.replace(/\/$/, '')]);
  return JSON.stringify(['command', ...plainCommand(server.command, server.args), server.cwd ?? '']);
}

/** The same where what they are given is the same too. */
export function wholeOf(server: ClientServer): string {
  const given = server.kind === 'remote' ? server.headers : server.env;
  return `${targetOf(server)} ${JSON.stringify(Object.entries(given).toSorted(byName))}`;
}

/** What two entries with one target are given differently: names of variables or headers. */
export function differencesOf(left: ClientServer, right: ClientServer): readonly string[] {
  const [first, second] = [left, right].map((server) => (server.kind === 'remote' ? server.headers : server.env));
  const names = new Set([...Object.keys(first ?? {}), ...Object.keys(second ?? {})]);
  return [...names].filter((name) => first?.[name] !== second?.[name]).toSorted();
}

/** What a written server starts or reaches, with every reference as one: so an entry is known again once its secrets have moved. */
export function shapeOf({ command, args, url }: Readonly<Record<string, unknown>>): string {
  if (typeof url === 'string') return JSON.stringify(['url', withoutReferences(url).replace(/\/$/, '')]);
  const words = Array.isArray(args) ? args.map(String) : [];
  return JSON.stringify(['command', ...plainCommand(String(command), words).map(withoutReferences)]);
}

type Settings = Readonly<Record<string, unknown>>;

/**
 * Whether two written servers say plainly that they are given different things under one name, such as another database.
 * References may be kept under other names by now, and what only one of them has may have been added since.
 */
export function isGivenOther(left: Settings, right: Settings): boolean {
  return ['env', 'headers'].some((group) => {
    const [first, second] = [left[group], right[group]];
    if (!isJsonObject(first) || !isJsonObject(second)) return false;
    return Object.entries(first).some(([name, value]) => {
      const other = second[name];
      return isPlain(value) && isPlain(other) && String(value) !== String(other);
    });
  });
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) && !String(value).replaceAll('$$', '').includes('${');
}

/** A path to npx is npx, agreeing to an installation is no argument of the server, and the latest version is no other one. */
function plainCommand(command: string, args: readonly string[]): readonly string[] {
  const program = /(?:^|[/\\])(npx|uvx|node|docker|bunx|pnpx)(?:\.cmd|\.exe)?$/i.exec(command)?.[1]?.toLowerCase();
  if (program === undefined) return [command, ...args];
  const words = program === 'npx' ? args.filter((word) => word !== '-y' && word !== '--yes') : args;
  return [program, ...words.map((word) => word.replace(/@latest$/, ''))];
}

function withoutReferences(text: string): string {
  return text.replaceAll(/\$\{[^}]*\}/g, '${}');
}

function byName([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}
