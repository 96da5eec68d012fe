import { readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { type BundleEntry, settingIn, withBundle, withoutBundle, withSetting } from '../config/edit-policies.ts';
import type { LoadedConfig } from '../config/load.ts';
import { replaceFile } from '../config/replace-file.ts';
import { GatewayError } from '../core/errors.ts';

/** A candidate and where it would stand in the configuration. */
export interface PlacedCandidate {
  readonly bundle: string;
  readonly layer: string;
  /** Absolute. */
  readonly path: string;
  readonly isNew: boolean;
}

/** The id of a candidate that is watched beside the bundle whose place it may take. */
export function shadowId({ bundle, isNew }: Pick<PlacedCandidate, 'bundle' | 'isNew'>): string {
  return isNew ? bundle : `${bundle.slice(0, MOST_ID - SUFFIX.length)}${SUFFIX}`;
}

const MOST_ID = 20;
const SUFFIX = '-next';

/** Puts the candidate in shadow: its opinion is recorded and does not count. */
export function shadowEdit(candidate: PlacedCandidate, loaded: LoadedConfig): Edit {
  const { bundle, layer, isNew } = candidate;
  const now = loaded.config.policies.org.find(({ id }) => id === bundle);
  if (now === undefined && !isNew) throw ownBundle(bundle);
  const source = writtenPath(candidate, loaded);
  const entry: BundleEntry = {
    id: shadowId(candidate),
    layer,
    source,
    mode: 'shadow',
    ...(now !== undefined && {
      for: now.for,
      ...(Object.keys(now.data).length > 0 && { data: now.data }),
    }),
  };
  return (text) => withBundle(withoutBundle(text, entry.id), entry);
}

/** Puts the candidate in the place of the bundle, or enforces it where there was none. */
export function enforceEdit(candidate: PlacedCandidate, loaded: LoadedConfig): Edit {
  const { bundle, layer, isNew } = candidate;
  const source = writtenPath(candidate, loaded);
  const isThere = loaded.config.policies.org.some(({ id }) => id === bundle);
  if (!isThere && !isNew) throw ownBundle(bundle);
  if (!isThere) return (text) => withBundle(text, { id: bundle, layer, source, mode: 'enforce' });
  return (text) => {
    const placed = withSetting(text, { id: bundle, name: 'source', value: source });
    if (isNew) return withSetting(placed, { id: bundle, name: 'mode', value: 'enforce' });
    return withoutBundle(placed, shadowId(candidate));
  };
}

/** Takes a candidate out that was only watched. */
export function dropEdit(candidate: PlacedCandidate): Edit {
  return (text) => withoutBundle(text, shadowId(candidate));
}

/** Puts back what stood there before; undefined where the file would stay as it is. */
export function restoreEdit({ bundle, isNew }: PlacedCandidate, before: string | undefined): Edit {
  if (isNew || before === undefined) return (text) => withoutBundle(text, bundle);
  return (text) => withSetting(text, { id: bundle, name: 'source', value: before });
}

type Edit = (text: string) => string;

/** As the configuration names the source of a bundle now; undefined where it does not. */
export function writtenSource(bundle: string, { path }: LoadedConfig): string | undefined {
  return settingIn(readFileSync(path, 'utf8'), bundle, 'source');
}

/**
 * Changes the configuration file, and puts it back as it was where it can then not be read. Throws what reading it throws.
 */
export function editConfiguration({ path }: LoadedConfig, edit: Edit, read: () => LoadedConfig): void {
  const before = readFileSync(path, 'utf8');
  const mark = before.startsWith('\u{feff}') ? '\u{feff}' : '';
  const after = `${mark}${edit(before.slice(mark.length))}`;
  if (after === before) return;
  replaceFile(path, after);
  try {
    read();
  } catch (thrown) {
    replaceFile(path, before);
    throw thrown;
  }
}

/** Relative to the file where it lies beside or below it, so that both can be moved together. */
function writtenPath({ path }: PlacedCandidate, loaded: LoadedConfig): string {
  const short = relative(dirname(loaded.path), path);
  return short.startsWith('..') || short === '' ? path : `./${short.replaceAll('\\', '/')}`;
}

function ownBundle(bundle: string): GatewayError {
  return new GatewayError('USAGE', `${bundle} is the bundle of a server or an agent, not of the organisation`, {
    mend: 'It can be tested and replayed here; change its source in the configuration by hand.',
  });
}
