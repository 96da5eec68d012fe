import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { sha256Hex } from '../core/canonical-json.ts';
import type { AuditMaterial } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';

/** The same in two forms; only one of them is asked for. */
export interface AuditTexts {
  readonly whole: () => string;
  /** Less what a record must not keep. */
  readonly masked: () => string;
}

/** Makes audit material of what a rule demands to be kept. */
export interface AuditVault {
  keep(place: Pick<AuditMaterial, 'id' | 'part'>, texts: AuditTexts): AuditMaterial;
  /** What came back from a server, less keys and the secrets that the gateway knows. */
  readonly maskSecrets: MaskSecrets;
}

type MaskSecrets = <T>(value: T) => T;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * With a key everything is kept whole, sealed with AES-256-GCM and bound to the record and the part that it belongs to;
 * without one it is kept masked, as readable as the record itself.
 */
export function openVault(key: string | undefined, maskSecrets: MaskSecrets): AuditVault {
  if (key === undefined)
    return { maskSecrets, keep: (place, { masked }) => material(place, '', Buffer.from(masked())) };
  const secret = bytesOfKey(key);
  const id = keyId(secret);
  return {
    maskSecrets,
    keep: (place, { whole }) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(boundTo(place));
      const sealed = Buffer.concat([cipher.update(whole(), 'utf8'), cipher.final()]);
      return material(place, id, Buffer.concat([nonce, sealed, cipher.getAuthTag()]));
    },
  };
}

/** The text that was kept. Throws AUDIT_KEY where the key is missing or another one, or the material was changed. */
export function openMaterial(kept: AuditMaterial, key: string | undefined): string {
  const body = Buffer.from(kept.body);
  if (kept.key === '') return body.toString('utf8');
  const secret = key === undefined ? undefined : bytesOfKey(key);
  if (secret === undefined || keyId(secret) !== kept.key) {
    throw new GatewayError('AUDIT_KEY', `the audit material of ${kept.id} is sealed with the key ${kept.key}`, {
      mend: 'Give that key as `decisions.auditKey` in the configuration.',
    });
  }
  const decipher = createDecipheriv(CIPHER, secret, body.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(kept));
  try {
    decipher.setAuthTag(body.subarray(-TAG_BYTES));
    return decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new GatewayError('AUDIT_KEY', `the audit material of ${kept.id} is not what was kept`, {
      mend: '`mcp-gateway decision verify` says more.',
      cause,
    });
  }
}

function material(place: Pick<AuditMaterial, 'id' | 'part'>, key: string, body: Buffer): AuditMaterial {
  return { id: place.id, part: place.part, key, body, hash: sha256Hex(body) };
}

function boundTo({ id, part }: Pick<AuditMaterial, 'id' | 'part'>): Buffer {
  return Buffer.from(`mcp-gateway/audit/1\n${id}\n${part}`);
}

function bytesOfKey(key: string): Buffer {
  return Buffer.from(key, key.length === 64 ? 'hex' : 'base64');
}

function keyId(secret: Buffer): string {
  return createHash('sha256').update('mcp-gateway audit key id').update(secret).digest('hex').slice(0, 16);
}
