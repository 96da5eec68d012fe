import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/paths.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Host } from '../upstream/stdio.ts';

/** The configuration as it was read, and as it is when it is read again. */
export interface ConfigurationSource {
  /** Absolute paths of the file and all that it includes. */
  readonly files: readonly string[];
  /** Throws CONFIG_INVALID or CONFIG_NOT_FOUND. */
  readonly read: () => Pick<LoadedConfig, 'config' | 'files' | 'secrets'>;
}

/** All that a gateway is told from outside. */
export interface AppOptions {
  readonly config: Config;
  /** The lock beside the configuration; absent where nothing is pinned. */
  readonly lockPath?: string;
  /** SHA-256 of each server's command line or address as it is written, by server. */
  readonly commands?: Readonly<Record<string, string>>;
  /** Values that must never be shown or kept. */
  readonly secrets: readonly string[];
  /** `MCP_GATEWAY_HOME`. */
  readonly home: string;
  /** Where compiled policies are kept. */
  readonly cache: string;
  readonly version: string;
  /** Id of the user who runs the gateway, in whose name it does what nobody has asked for. */
  readonly owner: string;
  /** The user of the operating system who runs the gateway. */
  readonly login: string;
  readonly host: Host;
  /** IANA name. */
  readonly timezone: string;
  /** Where the configuration was read, to follow its changes; absent where it does not change. */
  readonly configuration?: ConfigurationSource;
  /** How often is looked whether bundles or the configuration have changed; every two seconds by default. */
  readonly lookEveryMs?: number;
  /** Whether policies are asked and recorded, and what they deny is let through for as long as this process runs. */
  readonly isShadow?: boolean;
  /** Whether it serves the person at this machine alone, over stdio. */
  readonly isAtDesktop?: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}
