import { createRequire } from 'node:module';
import type * as Keyring from '@napi-rs/keyring';

/** The system's own place for secrets: Keychain of macOS, Credential Manager of Windows, Secret Service of a Linux desktop. */
export interface Keychain {
  /** Undefined where it has none of that name; throws what the system says where it is locked. */
  readonly read: (account: string) => string | undefined;
  readonly write: (account: string, value: string) => void;
  readonly remove: (account: string) => void;
}

const SERVICE = 'mcp-gateway';
const PROBE = 'probe';

/**
 * The keychain of the system, where it answers. The native part is an optional dependency and is loaded here only. On Linux
 * the Secret Service alone counts: the keys of the kernel, which the library would take instead, are gone after a restart.
 */
export function systemKeychain(platform: NodeJS.Platform): Keychain | undefined {
  try {
    const load = createRequire(import.meta.url);
    const { Entry } = load('@napi-rs/keyring') as typeof Keyring;
    const options = platform === 'linux' ? { linux: { store: 'secret-service' } } : undefined;
    // The type of the option is an ambient enumeration, which has no value here.
    const entry = (account: string): Keyring.Entry =>
      new Entry(SERVICE, account, options as Keyring.EntryOptions | undefined);
    entry(PROBE).getPassword();
    return {
      read: (account) => entry(account).getPassword() ?? undefined,
      write: (account, value) => entry(account).setPassword(value),
      remove: (account) => void entry(account).deleteCredential(),
    };
  } catch {
    return undefined;
  }
}
