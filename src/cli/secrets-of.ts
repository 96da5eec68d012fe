import { systemKeychain } from '../secrets/keychain.ts';
import { openSecrets, type Secrets } from '../secrets/secrets.ts';
import type { ProcessEnvironment } from './environment.ts';

/** The secrets of whoever runs the command; nothing is read before something is asked. */
export function secretsOf({ home, variables }: ProcessEnvironment): Secrets {
  const passphrase = variables['MCP_GATEWAY_SECRETS_PASSPHRASE'];
  const isFile = variables['MCP_GATEWAY_SECRETS'] === 'file';
  return openSecrets({
    home,
    passphrase: passphrase === '' ? undefined : passphrase,
    keychain: () => (isFile ? undefined : systemKeychain(process.platform)),
  });
}
