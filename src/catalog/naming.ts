import { sha256Hex } from '../core/canonical-json.ts';
import { FORBIDDEN_NAMES, type ExposedName, type ServerId } from '../core/names.ts';

/** How tools and prompts are shown: `auto` is plain as long as one server is configured. */
export type ToolNames = 'auto' | 'prefixed' | 'plain';

/** Clients put their own prefix before a name and stop at 64 characters. */
const MAX_EXPOSED = 48;
const HASH_LENGTH = 8;
/** MCP 2025-11-25, tools: names have 1 to 128 characters. */
const MAX_NAME = 128;
const MAX_URI = 4_096;

/**
 * The name under which a tool or prompt of a server is shown: at most 48 characters of `[A-Za-z0-9_-]`. Where that needs a change
 * the name ends with a part of a hash over server and name, so it is the same on every start and on every machine.
 */
export function exposedName(server: ServerId, name: string, names: 'prefixed' | 'plain'): ExposedName {
  const whole = names === 'prefixed' ? `${server}__${name}` : name;
  const clean = whole.replaceAll(/[^A-Za-z0-9_-]/gu, '_');
  if (clean === whole && whole.length <= MAX_EXPOSED) return whole as ExposedName;
  const hash = sha256Hex(`${server}/${name}`).slice(0, HASH_LENGTH);
  return `${clean.slice(0, MAX_EXPOSED - HASH_LENGTH - 1)}_${hash}` as ExposedName;
}

/** What `auto` means for this many configured servers. */
export function namesFor(names: ToolNames, configuredServers: number): 'prefixed' | 'plain' {
  if (names !== 'auto') return names;
  return configuredServers > 1 ? 'prefixed' : 'plain';
}

/**
 * Why a name of a server's is not shown at all, or undefined where nothing is wrong with it. People read names, in questions
 * and in records: two that look alike must be alike.
 */
export function faultOfName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > MAX_NAME) return `has more than ${MAX_NAME} characters`;
  if (FORBIDDEN_NAMES.has(name)) return 'is a name of the object prototype';
  if (INVISIBLE.test(name)) return 'has characters that cannot be seen';
  if (name.normalize('NFKC') !== name || PHONETIC.test(name)) return 'has characters that only look like others';
  return mixesLookalikes(name) ? 'mixes letters of scripts that look alike' : undefined;
}

/**
 * As `faultOfName`, of an address or the text of a template. Paths are often names of files, in any script, so only of the
 * host must the letters be what they seem.
 */
export function faultOfUri(uri: string): string | undefined {
  if (uri.length > MAX_URI) return `has more than ${MAX_URI} characters`;
  if (hasInvisible(uri)) return 'has characters that cannot be seen';
  const host = /^[^:/?#]+:\/\/([^/?#]*)/u.exec(uri)?.[1] ?? '';
  return mixesLookalikes(host) ? 'mixes letters of scripts that look alike' : undefined;
}

/**
 * As `faultOfName`, of what a resource is called: a title rather than a name, so it may be long, show an emoji, and have
 * blanks of any kind, as names of files do.
 */
export function faultOfLabel(label: string): string | undefined {
  if (label.length > MAX_URI) return `has more than ${MAX_URI} characters`;
  if (hasInvisible(label.replaceAll(/\p{Zs}+/gu, ' ').replaceAll(/^ | $/g, '')))
    return 'has characters that cannot be seen';
  const words = label.split(/[^\p{L}\p{M}]+/u);
  return words.some(mixesLookalikes) ? 'mixes letters of scripts that look alike' : undefined;
}

/** An emoji is made of several characters of which some are not seen alone; some scripts are not written without joiners. */
function hasInvisible(text: string): boolean {
  return INVISIBLE.test(text.replaceAll(EMOJI, 'e').replaceAll(JOINER, ''));
}

function mixesLookalikes(text: string): boolean {
  return LOOKALIKES.filter((script) => script.test(text)).length > 1;
}

/** Control, format, unassigned and private characters, separators other than the space, and what a font leaves out. */
const INVISIBLE = /\p{C}|[^\P{Z} ]|\p{Default_Ignorable_Code_Point}|^ | $/u;
const EMOJI =
  /[\d#*]\ufe0f?\u20e3|\p{Extended_Pictographic}(?:\ufe0f|[\u{1f3fb}-\u{1f3ff}])?(?:\u200d\p{Extended_Pictographic}(?:\ufe0f|[\u{1f3fb}-\u{1f3ff}])?)*/gu;
/** Between two letters of a script where it changes how they are written (Unicode Standard Annex 31, section 2.3). */
const JOINED =
  '[\\p{Script=Arabic}\\p{Script=Bengali}\\p{Script=Devanagari}\\p{Script=Gujarati}\\p{Script=Gurmukhi}\\p{Script=Kannada}' +
  '\\p{Script=Khmer}\\p{Script=Malayalam}\\p{Script=Oriya}\\p{Script=Sinhala}\\p{Script=Tamil}\\p{Script=Telugu}]';
const JOINER = new RegExp(`(?<=${JOINED})[\\u200c\\u200d](?=${JOINED})`, 'gu');
/** Scripts with letters that look like those of one another (Unicode Technical Standard 39). */
const LOOKALIKES = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
  /\p{Script=Lisu}/u,
];
/** Latin letters for the sounds of speech, many of which look like plain ones. */
const PHONETIC = /[\u0250-\u02af\u1d00-\u1dbf\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f]/u;
