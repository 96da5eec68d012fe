import type { Consent } from '../core/action.ts';
import { sha256Hex } from '../core/canonical-json.ts';
import type { JsonObject } from '../core/json.ts';
import type { ToolPin } from '../core/server-lock.ts';
import { fingerprintOf } from './fingerprint.ts';

/** What of a server's tools was accepted, as it counts now. */
export interface ServerPins {
  /** By the server's own names. */
  readonly tools: ReadonlyMap<string, ToolPin>;
  /** Why nothing of it counts any more, such as `package`; empty where it counts. */
  readonly drift: string;
  /** What a tool is whose text alone has changed. */
  readonly text: 'warn' | 'quarantine';
  /** Of what the server tells every model of itself; absent where nothing was accepted of it. */
  readonly instructions?: string | undefined;
}

/** The pin of what a server tells every model of itself. */
export function instructionsPin(instructions: string): string {
  return sha256Hex(instructions);
}

/** How a tool stands to what was accepted. */
export type PinState =
  /** Nobody has accepted anything of its server. */
  | { readonly kind: 'unpinned' }
  | { readonly kind: 'accepted'; readonly isTextChanged: boolean }
  /** It came after the others of its server were accepted. */
  | { readonly kind: 'new' }
  /** `why`: `contract`, `text`, `renamed`, or what of its server is another. */
  | { readonly kind: 'changed'; readonly why: string };

/** Says of a tool how it stands. */
export type PinReader = (tool: string, pin: ToolPin) => PinState;

/** The name is no part of it: a pin stands under the name of its tool. */
export function pinOf(definition: JsonObject): ToolPin {
  const { name: _name, ...rest } = definition;
  return fingerprintOf(rest);
}

/** `offered`: the names of all tools that the server has now. Absent pins are those of a server that nobody has accepted. */
export function pinReader(pins: ServerPins | undefined, offered: readonly string[]): PinReader {
  if (pins === undefined) return () => UNPINNED;
  const { drift, tools, text } = pins;
  if (drift !== '') return () => ({ kind: 'changed', why: drift });
  const there = new Set(offered);
  const gone = new Set([...tools].flatMap(([tool, { contract }]) => (there.has(tool) ? [] : [contract])));
  return (tool, pin) => {
    const accepted = tools.get(tool);
    if (accepted === undefined) return gone.has(pin.contract) ? RENAMED : NEW;
    if (accepted.contract !== pin.contract) return { kind: 'changed', why: 'contract' };
    const isTextChanged = accepted.text !== pin.text;
    return isTextChanged && text === 'quarantine'
      ? { kind: 'changed', why: 'text' }
      : { kind: 'accepted', isTextChanged };
  };
}

export function consentOf(state: PinState): Consent {
  return state.kind === 'unpinned' ? 'new' : state.kind;
}

const UNPINNED: PinState = { kind: 'unpinned' };
const NEW: PinState = { kind: 'new' };
/** A tool of the same schemas and annotations was accepted under a name that is gone. */
const RENAMED: PinState = { kind: 'changed', why: 'renamed' };
