import type { BundleFiles } from '../core/bundle-feed.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import {
  type BundleSignature,
  hasEnded,
  NO_SIGNATURE_DEMANDED,
  type SignatureDemand,
  startOf,
} from '../core/signature.ts';
import type { Bundle } from '../policy/bundle.ts';
import { SIGNATURES } from '../policy/bundle-path.ts';

/** Whose signatures a bundle must carry: those of its signers, and somebody's where its layer demands one. */
export function demandOf(signers: DemandedSigners, isLayerSigned: boolean): SignatureDemand {
  if (signers === undefined && !isLayerSigned) return NO_SIGNATURE_DEMANDED;
  return { kind: 'by', signers: signers ?? [] };
}

type DemandedSigners = Extract<SignatureDemand, { kind: 'by' }>['signers'] | undefined;

/**
 * What is known of the signatures of a bundle. Throws BUNDLE_SIGNATURE where they are not those that are demanded; whether
 * they count at this time is left to whoever has a clock.
 */
export async function signatureOf(
  id: string,
  { source, files }: BundleFiles,
  demand: SignatureDemand,
): Promise<BundleSignature> {
  if (demand.kind === 'none') return { kind: files.has(SIGNATURES) ? 'unverified' : 'unsigned' };
  refuseNobody(id, demand.signers);
  // Most gateways demand none, and these start without the library.
  const [{ readSigners }, { verifySignatures }] = await Promise.all([
    import('../policy/signer-keys.ts'),
    import('../policy/signature.ts'),
  ]);
  try {
    return await verifySignatures(files, await readSigners(demand.signers));
  } catch (cause) {
    throw refused(`the bundle ${id} (${source}) is not used: ${messageOf(cause)}`, cause);
  }
}

/** What was kept has been held to its signatures before; it is asked whose those were. Throws BUNDLE_SIGNATURE. */
export async function refuseOtherSigner(
  { id, source, signature }: Pick<Bundle, 'id' | 'source' | 'signature'>,
  demand: SignatureDemand,
): Promise<void> {
  if (demand.kind === 'none') return;
  refuseNobody(id, demand.signers);
  const { readSigners } = await import('../policy/signer-keys.ts');
  const demanded = await readSigners(demand.signers).catch((cause: unknown) => {
    throw refused(`the bundle ${id} (${source}) is not used: ${messageOf(cause)}`, cause);
  });
  const has = signature.kind === 'verified' ? signature.signer.split(',') : [];
  if (demanded.every(({ thumbprint }) => has.includes(thumbprint))) return;
  throw refused(`the bundle ${id} (${source}) is not used: when it was kept it was not signed by who is demanded`);
}

/** Whether what was good before may stay in force under what is demanded now. */
export async function mayStay(
  { bundle }: { readonly bundle: Pick<Bundle, 'id' | 'source' | 'signature'> },
  demand: SignatureDemand,
  nowMs: number,
): Promise<boolean> {
  if (demand.kind === 'none') return true;
  if (hasEnded(bundle.signature, nowMs)) return false;
  return refuseOtherSigner(bundle, demand).then(
    () => true,
    () => false,
  );
}

/** BUNDLE_STALE for a signature that counts no more, BUNDLE_SIGNATURE for one that does not yet; undefined where it does. */
export function untimely({ id, source, signature }: Bundle, nowMs: number): GatewayError | undefined {
  const what = `the signature of the bundle ${id} (${source})`;
  if (hasEnded(signature, nowMs) && signature.kind === 'verified')
    return new GatewayError('BUNDLE_STALE', `${what} ended at ${new Date(signature.endsMs ?? 0).toISOString()}`, {
      mend: 'Whoever signs it has to sign its newest state anew; until then what it governs is denied.',
    });
  const startsMs = startOf(signature, nowMs);
  if (startsMs === undefined) return undefined;
  return new GatewayError('BUNDLE_SIGNATURE', `${what} counts from ${new Date(startsMs).toISOString()} on`, {
    mend: 'It is used from then on without a word; if that time is over, the clock of this machine is wrong.',
  });
}

function refuseNobody(id: string, signers: readonly unknown[]): void {
  if (signers.length > 0) return;
  throw new GatewayError('BUNDLE_SIGNATURE', `the bundle ${id} is not used: its layer demands a signature`, {
    mend: 'Name the public key of whoever signs it under `signer`, beside its `source`.',
  });
}

function refused(message: string, cause?: unknown): GatewayError {
  return new GatewayError('BUNDLE_SIGNATURE', message, {
    mend: 'Ask whoever publishes it; `mcp-gateway bundle verify` says what a bundle is signed with.',
    cause,
  });
}
