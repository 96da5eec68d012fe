import * as z from 'zod';
import { SIGNATURE_ALGORITHMS, type Signer, type SignerKey } from '../core/signature.ts';

const MOST_SIGNERS = 8;

const Key = z.string().min(1).max(16_384);

const NamedSigner = z
  .strictObject({
    key: Key.describe('The public key: the path of a PEM file, or the PEM itself.'),
    kid: z.string().min(1).max(256).optional().describe('What its signatures must call the key. Default: anything.'),
    algorithm: z
      .enum(SIGNATURE_ALGORITHMS)
      .optional()
      .describe('How it signs. Default: as its kind of key does, RSA with RS256.'),
    scope: z.string().min(1).max(256).optional().describe('The scope its signatures must name. Default: none.'),
  })
  .transform(({ key, kid = '', algorithm, scope = '' }): Signer => ({ key: keyIn(key), kid, algorithm, scope }));

const OneSigner = z.union([Key.transform(signerOf), NamedSigner]);

/** Beside the source of a bundle. */
export const SIGNER_SETTING = {
  signer: z
    .union([OneSigner.transform((signer) => [signer]), z.array(OneSigner).min(1).max(MOST_SIGNERS)])
    .transform((signers): readonly Signer[] => signers)
    .optional()
    .describe(
      'Whose signature the bundle must carry (docs/signing.md): a public key, as the path of a PEM file or as the PEM itself; with a list, each of these must have signed it.',
    ),
};

function signerOf(key: string): Signer {
  return { key: keyIn(key), kid: '', algorithm: undefined, scope: '' };
}

function keyIn(text: string): SignerKey {
  return text.trimStart().startsWith('-----BEGIN') ? { kind: 'pem', pem: text } : { kind: 'file', path: text };
}
