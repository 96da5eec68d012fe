import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../e2e/program.ts';

export interface Certificate {
  readonly file: string;
  readonly key: string;
  readonly cert: string;
}

/** A certificate for `localhost` that nobody but itself has signed. */
export function aCertificate({ folder }: Pick<Place, 'folder'>, name: string): Certificate {
  const [keyFile, file] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile, '-out', file];
  const named = ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...made, ...named], { stdio: 'ignore' });
  return { file, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(file, 'utf8') };
}
