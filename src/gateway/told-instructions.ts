import { instructionsPin } from '../catalog/pins.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import { cleanText, cutText } from '../policy/author-text.ts';
import type { GovernedServer } from './governed-server.ts';

/** Longest text of one server, in characters: it stands before everything that a model reads. */
const MAX_INSTRUCTIONS = 4_000;
const MAX_LINE = 2_000;
/** What is behind is not even looked at: each line costs time, and a server may send a million. */
const MAX_READ = 100_000;

/**
 * What servers tell every model of themselves, as it may reach one: in lines in which nothing is hidden, of a bounded
 * length. What is not as it was accepted is told to whoever runs the gateway, and to no model where a changed text is
 * quarantined; of a server that as a whole is another than was accepted nothing is told on.
 */
export class ToldInstructions {
  readonly #logger: Logger;
  readonly #told = new Map<ServerId, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  of({ id, pins }: Pick<GovernedServer, 'id' | 'pins'>, text: string): string {
    if (text === '') return '';
    if (pins !== undefined && pins.drift !== '') return '';
    const accepted = pins?.instructions;
    if (accepted !== undefined && accepted !== instructionsPin(text)) {
      const isWithheld = pins?.text === 'quarantine';
      this.#tell(id, text, isWithheld);
      if (isWithheld) return '';
    }
    return cutText(cleanLines(text.slice(0, MAX_READ)), MAX_INSTRUCTIONS);
  }

  /** Once for each text. */
  #tell(server: ServerId, text: string, withheld: boolean): void {
    const key = `${instructionsPin(text)} ${String(withheld)}`;
    if (this.#told.get(server) === key) return;
    this.#told.set(server, key);
    this.#logger.warn('the instructions of a server are not those that were accepted', { server, withheld });
  }
}

/** All lines but the first are indented: one that begins as the gateway names another server would be taken for its words. */
function cleanLines(text: string): string {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/u)
    .map((line) => `${/^ */.exec(line)?.[0] ?? ''}${cleanText(line, MAX_LINE)}`.trimEnd())
    .join('\n')
    .trim()
    .replaceAll(/\n(?!\n)/g, '\n  ');
}
