import { checkBundle, type BundleLoader, findBundle } from '../app/bundles.ts';
import { configuredBundles } from '../app/wanted.ts';
import { type RemoteBundle, remoteBundles } from '../app/addresses.ts';
import { cacheOf, feedOf, type FeedOptions, sourceOf } from '../app/sources.ts';
import type { PolicyPlace } from '../app/policy-list.ts';
import { addressText } from '../core/bundle-address.ts';
import type { FetchedBundle } from '../core/bundle-feed.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { NO_SIGNATURE_DEMANDED } from '../core/signature.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type { PolicyOptions } from './policy-ls.ts';
import { withPolicies } from './policy-place.ts';
import { shortRevision } from './source-text.ts';
import { printJson, printLine, type Terminal, visible } from './terminal.ts';

/** What came of one bundle. */
interface Pulled {
  readonly id: string;
  readonly source: string;
  /** Revisions; empty where nothing was or is kept. */
  readonly before: string;
  readonly after: string;
  readonly files: Changes;
  /** Ids of rules. */
  readonly rules: Changes;
  /** Why nothing newer could be kept; empty where it could. */
  readonly problem: string;
}

interface Changes {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Whether there is something newer than what is kept. */
interface Looked {
  readonly id: string;
  readonly source: string;
  readonly kept: string;
  /** Empty where nobody knows. */
  readonly newest: string;
  readonly outdated: boolean;
  readonly problem: string;
}

const NO_CHANGES: Changes = { added: [], removed: [], changed: [] };

export function pull(context: CommandContext, id: string | undefined, options: PolicyOptions): Promise<void> {
  const { terminal } = context;
  return withPolicies(context, options, async (place, loader) => {
    const wanted = chosen(id, place);
    const bundles = await Promise.all(wanted.map((bundle) => pullOne(bundle, optionsOf(context, place, loader))));
    const ok = bundles.every(({ problem }) => problem === '');
    if (!ok) context.setExit(EXIT.unreachable);
    if (options.json === true) return printJson(terminal, 'policy-pull', { ok, bundles });
    for (const pulled of bundles) printPulled(terminal, pulled);
    if (bundles.length === 0) printLine(terminal, NO_ADDRESS);
  });
}

export function outdated(context: CommandContext, options: PolicyOptions): Promise<void> {
  const { terminal } = context;
  return withPolicies(context, options, async (place, loader) => {
    const wanted = chosen(undefined, place);
    const bundles = await Promise.all(wanted.map((bundle) => look(bundle, optionsOf(context, place, loader))));
    if (bundles.some(({ problem }) => problem !== '')) context.setExit(EXIT.unreachable);
    if (bundles.some((bundle) => bundle.outdated)) context.setExit(EXIT.findings);
    const ok = bundles.every(({ problem, outdated: isOld }) => problem === '' && !isOld);
    if (options.json === true) return printJson(terminal, 'policy-outdated', { ok, bundles });
    for (const looked of bundles) printLooked(terminal, looked);
    if (bundles.length === 0) printLine(terminal, NO_ADDRESS);
  });
}

const NO_ADDRESS = 'No bundle has an address; those with a path are read where they lie.';

/** The bundles with an address, or the one that was named. Throws USAGE. */
function chosen(id: string | undefined, { config }: PolicyPlace): readonly RemoteBundle[] {
  const all = remoteBundles(config);
  if (id === undefined) return all;
  const found = all.filter((bundle) => bundle.id === id);
  if (found.length > 0) return found;
  const isThere = configuredBundles(config).some((bundle) => bundle.id === id);
  throw new GatewayError('USAGE', isThere ? `the bundle "${id}" has no address` : `there is no bundle "${id}"`, {
    mend: all.length === 0 ? NO_ADDRESS : `Those with an address are ${all.map((bundle) => bundle.id).join(', ')}.`,
  });
}

function optionsOf({ environment }: CommandContext, { home }: PolicyPlace, loader: BundleLoader): FeedOptions {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  return { home, environment: environment.variables, loader, clock };
}

async function pullOne(bundle: RemoteBundle, options: FeedOptions): Promise<Pulled> {
  const { id, address } = bundle;
  const feed = feedOf(bundle, options);
  const before = await feed.lastGood().catch(() => undefined);
  const about = { id, source: addressText(address), before: before?.revision ?? '' };
  try {
    const after = await feed.fetch(new AbortController().signal);
    const files =
      before?.revision === after.revision ? NO_CHANGES : changesOf(before?.bundle.files, after.bundle.files);
    const rules = await changedRules(bundle, [before, after], options.loader);
    return { ...about, after: after.revision, files, rules, problem: '' };
  } catch (thrown) {
    const mend = thrown instanceof GatewayError && thrown.mend !== undefined ? ` ${thrown.mend}` : '';
    const problem = `${messageOf(thrown)}.${mend}`;
    return { ...about, after: about.before, files: NO_CHANGES, rules: NO_CHANGES, problem };
  }
}

type Files = FetchedBundle['bundle']['files'];

function changesOf(before: Files = new Map(), after: Files): Changes {
  const [old, now] = [[...before.keys()], [...after.keys()]];
  const isSame = (path: string): boolean =>
    Buffer.from(before.get(path) ?? []).equals(after.get(path) ?? new Uint8Array());
  return {
    added: now.filter((path) => !before.has(path)).toSorted(),
    removed: old.filter((path) => !after.has(path)).toSorted(),
    changed: now.filter((path) => before.has(path) && !isSame(path)).toSorted(),
  };
}

/** By what stands in their annotations; how rules decide, `policy diff` says. */
async function changedRules(
  bundle: RemoteBundle,
  [before, after]: readonly [FetchedBundle | undefined, FetchedBundle],
  loader: BundleLoader,
): Promise<Changes> {
  if (before?.revision === after.revision) return NO_CHANGES;
  const [old, now] = [await rulesOf(bundle, before, loader), await rulesOf(bundle, after, loader)];
  return {
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
    changed: [...now].flatMap(([id, words]) => (old.has(id) && old.get(id) !== words ? [id] : [])),
  };
}

async function rulesOf(
  { id, data }: RemoteBundle,
  fetched: FetchedBundle | undefined,
  loader: BundleLoader,
): Promise<ReadonlyMap<string, string>> {
  if (fetched === undefined) return new Map();
  try {
    const found = await findBundle(
      { id, origin: { kind: 'files', files: fetched.bundle }, data, demand: NO_SIGNATURE_DEMANDED },
      loader,
    );
    const { rules } = await checkBundle(found, loader);
    return new Map([...rules].map(([rule, { file: _file, row: _row, ...words }]) => [rule, JSON.stringify(words)]));
  } catch (thrown) {
    // What was kept may not be good any more under this version or these settings.
    if (thrown instanceof GatewayError) return new Map();
    throw thrown;
  }
}

async function look(bundle: RemoteBundle, options: FeedOptions): Promise<Looked> {
  const { revision: kept } = await cacheOf(bundle, options.home).state();
  const about = { id: bundle.id, source: addressText(bundle.address), kept };
  try {
    const question = { known: kept, waitMs: 0, signal: new AbortController().signal };
    const answer = await sourceOf(bundle, options).ask(question);
    const newest = answer.kind === 'same' ? kept : answer.revision;
    return { ...about, newest, outdated: newest !== kept, problem: '' };
  } catch (thrown) {
    return { ...about, newest: '', outdated: false, problem: messageOf(thrown) };
  }
}

function printPulled(terminal: Terminal, { id, source, before, after, files, rules, problem }: Pulled): void {
  if (problem !== '') {
    const stays = before === '' ? 'nothing is kept of it' : `${shortRevision(before)} stays`;
    terminal.err.write(`error ${id}: ${visible(problem)}\n  = ${stays}\n`);
    return;
  }
  if (before === after)
    return printLine(terminal, `${id}  ${shortRevision(after)}, nothing newer at ${visible(source)}`);
  printLine(
    terminal,
    `${id}  ${before === '' ? 'new' : shortRevision(before)} → ${shortRevision(after)}  ${visible(source)}`,
  );
  for (const [what, changes] of [
    ['rules', rules],
    ['files', files],
  ] as const) {
    for (const [how, names] of Object.entries(changes) as readonly (readonly [string, readonly string[]])[])
      if (names.length > 0) printLine(terminal, `  ${what} ${how}: ${visible(names.join(', '))}`);
  }
}

function printLooked(terminal: Terminal, { id, kept, newest, outdated: isOld, problem }: Looked): void {
  if (problem !== '') terminal.err.write(`error ${id}: ${visible(problem)}\n`);
  else if (isOld)
    printLine(terminal, `${id}  ${kept === '' ? 'nothing kept' : shortRevision(kept)} → ${shortRevision(newest)}`);
  else printLine(terminal, `${id}  ${shortRevision(kept)} is the newest`);
}
