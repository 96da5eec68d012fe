import { findPolicies, type FoundPolicy, type ListedBundle } from '../app/policy-list.ts';
import type { CheckedBundle } from '../app/bundles.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type Json } from '../core/json.ts';
import type { DeclaredCounter } from '../policy/counter-schema.ts';
import { countersIn } from '../policy/counters.ts';
import { type ConfigOption, withoutSecrets } from './config.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { withPolicies } from './policy-place.ts';
import { announced } from './progress.ts';
import { shortRevision } from './source-text.ts';
import {
  paint,
  printAligned,
  printJson,
  printLine,
  printTable,
  printWrapped,
  type Terminal,
  visible,
} from './terminal.ts';
import { spanText } from './values.ts';

export interface PolicyOptions extends ConfigOption {
  readonly json?: boolean;
}

export function list(context: CommandContext, options: PolicyOptions): Promise<void> {
  const { terminal } = context;
  return withPolicies(context, options, async (place, loader) => {
    const found = await announced(terminal, READING, findPolicies(place, loader));
    const bundles = found.map(({ listed }) => listed);
    const ok = bundles.every(({ state }) => state === 'good');
    if (!ok) context.setExit(EXIT.findings);
    if (options.json === true) return printJson(terminal, 'policy-ls', { ok, bundles });
    const header = ['bundle', 'layer', 'mode', 'rules', 'state', 'revision', 'digest', 'signature', 'asked', 'source'];
    printTable(terminal, header, bundles.map(cellsOf));
    for (const { id, state, why } of bundles.filter(({ why: reason }) => reason !== ''))
      terminal.err.write(`${state} ${id}: ${visible(why)}\n`);
  });
}

export function show(context: CommandContext, id: string, options: PolicyOptions): Promise<void> {
  const { terminal } = context;
  return withPolicies(context, options, async (place, loader, secrets) => {
    const found = named(id, await announced(terminal, READING, findPolicies(place, loader)));
    const { listed, checked } = found;
    const ok = listed.state === 'good';
    if (!ok) context.setExit(EXIT.findings);
    // What an admin sets may be a secret.
    const content = checked === undefined ? NO_CONTENT : withoutSecrets(contentOf(checked), secrets);
    if (options.json === true) return printJson(terminal, 'policy-show', { ok, bundle: listed, ...content });
    return print(terminal, listed, content);
  });
}

const READING = 'bundles are being read …';

/** One bundle of those that there are. Throws USAGE. */
function named(id: string, all: readonly FoundPolicy[]): FoundPolicy {
  const found = all.find(({ listed }) => listed.id === id);
  if (found !== undefined) return found;
  const ids = all.map(({ listed }) => listed.id).join(', ');
  throw new GatewayError('USAGE', `there is no bundle "${id}"`, { mend: `The bundles are ${ids}.` });
}

interface Content {
  readonly manifest: Json;
  readonly rules: readonly { readonly id: string; readonly title: string; readonly owner: string }[];
  /** The values that its rules read, those of the configuration merged in. */
  readonly config: Json;
  readonly counters: readonly ShownCounter[];
}

type ShownCounter = Pick<DeclaredCounter, 'name' | 'unit' | 'window'> & { readonly limit: number };

const NO_CONTENT: Content = { manifest: {}, rules: [], config: {}, counters: [] };

function contentOf({ bundle, rules }: CheckedBundle): Content {
  const data = bundle.data[bundle.root];
  const config = isJsonObject(data) ? (data['config'] ?? {}) : {};
  return {
    // Written by us, from JSON.
    manifest: JSON.parse(bundle.manifestText) as Json,
    rules: [...rules.values()].map(({ id, title, owner }) => ({ id, title, owner })),
    config,
    counters: countersIn(bundle).map(({ declared, limit }) => {
      const { name, unit, window } = declared;
      return { name, limit, unit, window };
    }),
  };
}

function print(terminal: Terminal, listed: ListedBundle, { rules, config, counters }: Content): void {
  const { id, layer, mode, source, state, why, revision, digest, signature } = listed;
  printLine(terminal, `${paint(terminal, 'bold', visible(id))}  layer ${layer}, ${mode}, ${state}`);
  printWrapped(terminal, 'from', source);
  if (why !== '') printWrapped(terminal, 'why', why);
  if (revision !== '') printWrapped(terminal, 'is', `${revision}, confirmed ${askedText(listed)} ago`);
  if (digest !== '') printWrapped(terminal, 'digest', digest);
  if (signature !== 'unsigned') printWrapped(terminal, 'signed', SIGNED[signature]);
  if (rules.length > 0)
    printAligned(
      terminal,
      'rules',
      rules.map(({ id: rule, title, owner }) => [rule, owner === '' ? title : `${title} (${owner})`]),
    );
  const settings = isJsonObject(config) ? Object.entries(config) : [];
  if (settings.length > 0)
    printAligned(
      terminal,
      'data',
      settings.map(([name, value]) => [name, JSON.stringify(value)]),
    );
  if (counters.length > 0)
    printAligned(
      terminal,
      'counts',
      counters.map(({ name, limit, unit, window }) => [name, `${limit} ${unit} ${windowText(window)}`]),
    );
}

const SIGNED = {
  verified: 'by its signer',
  unverified: 'says so itself; no signer is configured, so that nobody has checked by whom',
} as const;

function windowText(window: DeclaredCounter['window']): string {
  if ('seconds' in window) return `in ${window.seconds} s (${window.kind})`;
  return `in a ${window.kind === 'calendar' ? window.unit : window.kind}`;
}

function cellsOf(listed: ListedBundle): readonly string[] {
  const { id, layer, mode, rules, state, revision, digest, signature, source } = listed;
  return [
    id,
    layer,
    mode,
    rules === null ? '-' : String(rules),
    state,
    shortRevision(revision),
    shortRevision(digest),
    signature,
    askedText(listed),
    source,
  ];
}

function askedText({ age_s }: ListedBundle): string {
  return age_s === null ? '-' : spanText(age_s);
}
