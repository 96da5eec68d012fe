import type { Work } from './work.ts';

/** `full` survives a power cut, `normal` a killed process. */
export type Durability = 'full' | 'normal';

/**
 * How the rows of one chain are numbered. `dense`: the store has one chain, without gaps. `rising`: each process has a
 * chain of its own, and a number belongs to one row of the store.
 */
export type Numbering = 'dense' | 'rising';

/**
 * A way to a store. Everything that goes wrong on it comes out as a `GatewayError` with STORE_UNAVAILABLE, and the next use
 * tries anew. Work is given as a function, because it may be carried out more than once before it is done.
 */
export interface StoreConnection {
  /** Which store it is, as people read it; without a secret. */
  readonly name: string;
  readonly numbering: Numbering;
  /** Each statement by itself. */
  ask<T>(work: () => Work<T>): Promise<T>;
  /** As `ask`, for what is tried again by itself soon: it waits for others for a fifth of a second only. */
  askBriefly<T>(work: () => Work<T>): Promise<T>;
  /** As `ask`, for what is asked often and may be stale. */
  peek<T>(work: () => Work<T>): Promise<T>;
  /** All of it or nothing; what it has read is as it was read until it has ended. */
  change<T>(work: () => Work<T>): Promise<T>;
  /** As `change`, waiting for others as `askBriefly` does. */
  changeBriefly<T>(work: () => Work<T>): Promise<T>;
  /** All that is read is of one moment. */
  snapshot<T>(work: () => Work<T>): Promise<T>;
  /** The same as long as it is the same store; empty where nothing has been written to it yet. */
  identity(): Promise<string>;
  /** Resolves when a power cut takes nothing back that was committed before. */
  reachDisk(): Promise<void>;
  /** What is wrong with the store where all rows can be read, as far as it can be told; undefined where nothing is. */
  damage(): Promise<string | undefined>;
  close(): Promise<void>;
}
