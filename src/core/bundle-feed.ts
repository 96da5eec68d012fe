/** The files of a bundle as they were found, in memory; paths are relative and use `/`. */
export interface BundleFiles {
  /** Where they come from: a path or an address, for messages. */
  readonly source: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What a source had when it was asked. */
export interface FetchedBundle {
  readonly bundle: BundleFiles;
  /** What the source calls this state of it: an ETag, a commit, a digest. */
  readonly revision: string;
  /** Milliseconds since the epoch at which the source last said that this is the newest. */
  readonly confirmedMs: number;
}

/** A place from which a bundle comes, again and again: a folder, a bundle service, a repository, a registry. */
export interface BundleFeed {
  /** The newest there is. Throws BUNDLE_UNREADABLE where the source cannot be had or what it has is no bundle. */
  fetch(signal: AbortSignal): Promise<FetchedBundle>;
  /**
   * Calls back when there may be something newer, until `signal` ends it; the caller then asks `fetch`. Callbacks may
   * come without need, and never one while another is running.
   */
  watch(changed: () => Promise<void>, signal: AbortSignal): void;
}
