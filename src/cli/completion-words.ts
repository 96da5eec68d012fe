import type { Argument, Command, Option } from 'commander';
import { CLIENTS } from '../clients/table.ts';
import { FILES } from './completion-scripts.ts';

/** One word that may stand where the cursor is. */
export interface Word {
  readonly word: string;
  readonly about: string;
}

/** Of what there are ids. */
export type Named = 'servers' | 'agents' | 'bundles' | 'tools' | 'decisions' | 'approvals';

/** `name`: asked only where it is needed, because it costs a look at the configuration or the store. */
export type IdsOf = (name: Named) => Promise<readonly Word[]>;

/** The words that fit behind those that were typed, of which the last may be half a word; `:files` for names of files. */
export async function wordsFor(program: Command, typed: readonly string[], idsOf: IdsOf): Promise<readonly Word[]> {
  const current = typed.at(-1) ?? '';
  const place = placeIn(program, typed.slice(0, -1));
  const all = await offered(place, current, idsOf);
  return all.filter(({ word }) => word === FILES || (word.startsWith(current) && PLAIN.test(word)));
}

/** What a shell leaves as it is; anything else could become more than a word there. */
const PLAIN = /^[\w.,:@/+-]+$/;

interface Place {
  readonly command: Command;
  /** The option whose value is being typed. */
  readonly option: Option | undefined;
  /** How many arguments stand before the cursor. */
  readonly given: number;
  /** Whether \`--\` has ended the options. */
  readonly hasEnded: boolean;
}

function placeIn(program: Command, words: readonly string[]): Place {
  return words.reduce<Place>(stepInto, { command: program, option: undefined, given: 0, hasEnded: false });
}

function stepInto(place: Place, word: string): Place {
  const { command, option, given, hasEnded } = place;
  if (option !== undefined) return { ...place, option: undefined };
  if (hasEnded) return { ...place, given: given + 1 };
  if (word === '--') return { ...place, hasEnded: true };
  if (word.startsWith('-')) return word.includes('=') ? place : { ...place, option: takingValue(command, word) };
  const below =
    given === 0 ? command.commands.find((one) => one.name() === word || one.aliases().includes(word)) : undefined;
  return below === undefined ? { ...place, given: given + 1 } : { ...place, command: below };
}

function takingValue(command: Command, word: string): Option | undefined {
  return optionsOf(command).find(({ long, short, required }) => required && (long === word || short === word));
}

function optionsOf(command: Command): readonly Option[] {
  return [...command.options, ...(command.parent === null ? [] : optionsOf(command.parent))];
}

async function offered(
  { command, option, given, hasEnded }: Place,
  current: string,
  idsOf: IdsOf,
): Promise<readonly Word[]> {
  if (option !== undefined) return valuesOf(option, idsOf);
  if (current.startsWith('-') && !hasEnded) return optionWords(command);
  const below = given === 0 && !hasEnded ? command.commands.filter((one) => !isHidden(one)) : [];
  const commands = below.map((one): Word => ({ word: one.name(), about: one.description() }));
  const argument = command.registeredArguments[given] ?? lastVariadic(command);
  return argument === undefined ? commands : [...commands, ...(await argumentWords(command, argument, idsOf))];
}

function isHidden(command: Command): boolean {
  return command.name().startsWith('__');
}

function lastVariadic({ registeredArguments: all }: Command): Argument | undefined {
  const last = all.at(-1);
  return last?.variadic === true ? last : undefined;
}

function optionWords(command: Command): readonly Word[] {
  const all = command.options.filter(({ hidden }) => !hidden);
  return [...all.map(({ long, short, description: about }) => ({ word: long ?? short ?? '', about })), HELP];
}

const HELP: Word = { word: '--help', about: 'display help for command' };

const OF_OPTION: Readonly<Record<string, Named>> = {
  '--server': 'servers',
  '--agent': 'agents',
  '--bundle': 'bundles',
  '--tool': 'tools',
};

async function valuesOf({ argChoices, long, flags }: Option, idsOf: IdsOf): Promise<readonly Word[]> {
  if (argChoices !== undefined) return argChoices.map((word) => ({ word, about: '' }));
  const named = OF_OPTION[long ?? ''];
  if (named !== undefined) return idsOf(named);
  return /<(file|dir|folder|path)/.test(flags) ? [{ word: FILES, about: '' }] : [];
}

/** By the command that the argument belongs to. */
const OF_ARGUMENT: readonly (readonly [path: RegExp, named: Named])[] = [
  [/^server (?!add)/, 'servers'],
  [/^tool ls/, 'servers'],
  [/^tool /, 'tools'],
  [/^agent /, 'agents'],
  [/^approval /, 'approvals'],
  [/^(decision (show|explain)|explain)$/, 'decisions'],
  [/^policy (show|pull|shadow|verify)/, 'bundles'],
];

const OF_CLIENTS = /^(?:(?:dis)?connect|client (?:import|backups|restore))$/;

async function argumentWords(command: Command, argument: Argument, idsOf: IdsOf): Promise<readonly Word[]> {
  if (argument.argChoices !== undefined) return argument.argChoices.map((word) => ({ word, about: '' }));
  const path = pathOf(command);
  if (OF_CLIENTS.test(path)) return CLIENTS.map(({ id, name }) => ({ word: id, about: name }));
  const found = OF_ARGUMENT.find(([pattern]) => pattern.test(path));
  if (found !== undefined) return idsOf(found[1]);
  return path.startsWith('bundle ') || /file|dir|folder|path/.test(argument.name()) ? [{ word: FILES, about: '' }] : [];
}

/** Such as `decision show`, without the program. */
export function pathOf(command: Command): string {
  const above = command.parent === null ? '' : pathOf(command.parent);
  return command.parent === null ? '' : `${above} ${command.name()}`.trim();
}
