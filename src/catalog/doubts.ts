import { isJsonObject, type JsonObject } from '../core/json.ts';
import { annotationsOf } from './effect.ts';

/** Words in names of tools that say that something is changed, and those that say that something is lost or set going. */
const CHANGES = words(
  'add append apply approve assign close commit copy create deploy edit enable disable import insert install invoke label lock ' +
    'make mark merge modify move patch pause post promote publish push put rename reply restart resume save schedule send set ' +
    'share start stop store submit subscribe trigger update upload upsert write',
);
const DESTROYS = words(
  'cancel clear delete destroy drop erase evict exec execute finalize kill purge refund remove reset revoke rollback run shell ' +
    'terminate truncate uninstall unpublish wipe',
);
/** Words that say that something is only looked at; a tool that has one of the others, too, is judged by that. */
const LOOKS = words('count describe fetch find get inspect list lookup query read search show view');
/** Arguments that let a caller say anything, or name a file that is written. */
const FREE_ARGUMENTS = words('sql command cmd script code statement');
const FILE_ARGUMENTS = words('filename output_path outputpath output_file savepath save_path destination');

/**
 * What looks wrong about what a tool says of itself, each as a sentence; empty where nothing does. Names are guesses, so
 * this marks what a person should look at and decides nothing.
 */
export function doubtsAbout(tool: string, definition: JsonObject): readonly string[] {
  const { readOnlyHint: isRead, destructiveHint: destroys } = annotationsOf(definition);
  const named = wordsIn(tool);
  const destroyer = named.find((word) => DESTROYS.has(word));
  const changer = destroyer ?? named.find((word) => CHANGES.has(word));
  const looks = changer === undefined && named.some((word) => LOOKS.has(word));
  const doubts: string[] = [];
  if (isRead === true && destroys === true) doubts.push('says that it only reads and that it destroys');
  else if (isRead === true && changer !== undefined) doubts.push(`says that it only reads, and is called “${changer}”`);
  else if (destroys === false && destroyer !== undefined) {
    doubts.push(`says that it destroys nothing, and is called “${destroyer}”`);
  } else if (destroys === true && looks) doubts.push('says that it destroys, and is called as if it only looked');
  if (isRead === true) doubts.push(...argumentsOf(definition).flatMap(doubtAboutArgument));
  return doubts;
}

function doubtAboutArgument(argument: string): readonly string[] {
  const name = argument.toLowerCase();
  if (FREE_ARGUMENTS.has(name)) return [`says that it only reads, and takes anything as “${argument}”`];
  return FILE_ARGUMENTS.has(name) ? [`says that it only reads, and takes “${argument}”`] : [];
}

function argumentsOf({ inputSchema }: JsonObject): readonly string[] {
  const properties = isJsonObject(inputSchema) ? inputSchema['properties'] : undefined;
  return isJsonObject(properties) ? Object.keys(properties) : [];
}

/** Of `API-deletePage_now`: api, delete, page, now. */
function wordsIn(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/u)
    .filter((word) => word !== '');
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}
