import * as z from 'zod';
import { isLoopbackHost } from '../core/bundle-address.ts';
import type { JsonObject } from '../core/json.ts';
import { SERVER_ID } from '../core/names.ts';

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

const NOT_A_DURATION = 'not a duration; write a number and a unit, such as 500ms, 30s, 10m, 8h, 30d';
const NOT_A_SIZE = 'not a size; write a number and a unit, such as 64KB, 4MB';

/** A length of time as text, `250ms`, `30s`, `10m`, `8h`, `30d`; parsed into milliseconds. */
export const Duration = z
  .string(NOT_A_DURATION)
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, NOT_A_DURATION)
  .transform((text) => Math.round(amountOf(text, MILLISECONDS)));

/** A size as text, `64KB`, `4MB`; parsed into bytes (1 KB = 1024 bytes). */
export const Size = z
  .string(NOT_A_SIZE)
  .regex(/^\d+(\.\d+)?(B|KB|MB|GB)$/, NOT_A_SIZE)
  .transform((text) => Math.round(amountOf(text, BYTES)));

export const ServerIdText = z
  .string()
  .regex(SERVER_ID, 'not a server id: 1 to 20 lower-case letters, digits and hyphens, no hyphen first');

/** Client names serve as agent ids, and those have capitals and spaces. */
export const AgentIdText = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$/,
    'not an agent id: 1 to 64 letters, digits, spaces and the characters . _ @ -',
  );

export const Texts = z.array(z.string().min(1, 'is empty'));

export const ModeName = z.enum(['enforce', 'warn', 'shadow']);

export const RuleModes = z.record(
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'not the id of a rule, such as GH-201'),
  z.strictObject({
    mode: ModeName.describe(
      '`warn` turns the denials of the rule into warnings; `shadow` only watches what it would say.',
    ),
  }),
);

/** Values for a bundle. Whatever YAML gave is JSON by the time it comes here. */
export const BundleData = z.record(z.string(), z.unknown()).transform((value) => value as JsonObject);

export const UrlPath = z.string().regex(/^\/[\w./~-]*$/, 'not a path of a URL; it starts with /');

/** One scope (RFC 6749, section 3.3). */
export const Scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'not a scope: no space, quote or backslash');

/** Kept as it is written, because tokens name it so; asked over https, on loopback over http, too. */
export const IssuerUrl = z
  .string()
  .refine((text) => isPlainUrl(text), 'not a URL without query, fragment and password')
  .refine((text) => !isPlainUrl(text) || isProtected(new URL(text)), 'must be https; http on loopback only');

export const PublicUrl = z
  .string()
  .refine((text) => isPlainUrl(text), 'not a URL without query, fragment and password');

/** Scheme, host and port alone: requests to it keep the paths that they came to. */
export const PeerUrl = z
  .string()
  .refine(
    (text) => /^https?:\/\/[^/\s"\\]+\/?$/.test(text) && isPlainUrl(text),
    'not a URL of scheme, host and port alone, such as http://10.0.0.5:3700',
  );

function isPlainUrl(text: string): boolean {
  if (!/^https?:\/\/[^?#\s"\\]+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

function isProtected({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopbackHost(hostname);
}

function amountOf<U extends string>(text: string, units: Readonly<Record<U, number>>): number {
  const number = Number.parseFloat(text);
  const unit = text.replace(/^[\d.]+/, '') as U;
  return number * units[unit];
}
