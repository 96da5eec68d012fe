import type { LoadedConfig } from '../config/load.ts';
import type { Act } from '../core/act.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Person } from '../dashboard/port.ts';
import { decisionIds } from '../state/decision-id.ts';
import type { Store } from '../state/store.ts';
import type { StoreReads } from '../state/store-reads.ts';
import type { Host } from '../upstream/stdio.ts';
import type { Workbench } from './workbench.ts';

/** All that the pages of a dashboard stand on. */
export interface DashboardParts {
  /** The configuration as the file has it now. Throws CONFIG_INVALID or CONFIG_NOT_FOUND. */
  readonly read: () => LoadedConfig;
  readonly store: Store;
  readonly reads: StoreReads;
  readonly bench: Workbench;
  readonly home: string;
  readonly cache: string;
  readonly workingFolder: string;
  /** Of the user, where clients keep their files. */
  readonly userHome: string;
  readonly version: string;
  /** The user of the operating system who runs the gateway. */
  readonly login: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An act of somebody who has done it on a page. */
export function actOf(
  { clock }: Pick<DashboardParts, 'clock'>,
  { actor }: Pick<Person, 'actor'>,
  part: Omit<Act, 'id' | 'time' | 'actor' | 'via'>,
): Act {
  return {
    id: decisionIds(clock)(),
    time: new Date(clock.now()).toISOString(),
    actor,
    via: 'dashboard',
    ...part,
  };
}
