import * as z from 'zod';
import { Duration } from './schema-values.ts';

/** What is shown to whoever has a bundle. */
export type BundleCredentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

export const Credentials = z
  .strictObject({
    username: z.string().min(1).optional().describe('Name to sign in with; needs `password`.'),
    password: z.string().min(1).optional().describe('Password to that name, as a reference such as `${file:…}`.'),
    token: z.string().min(1).optional().describe('Bearer token, as a reference such as `${REGISTRY_TOKEN}`.'),
  })
  .transform(({ username, password, token }, context): BundleCredentials => {
    if (token !== undefined && username === undefined && password === undefined) return { kind: 'token', token };
    if (token === undefined && username !== undefined && password !== undefined)
      return { kind: 'basic', username, password };
    context.addIssue({ code: 'custom', message: 'needs either a username with its password, or a token' });
    return z.NEVER;
  });

const SHORTEST_REFRESH_MS = 1_000;
/** A timer cannot be set much longer. */
const LONGEST_REFRESH_MS = 7 * 86_400_000;

/** How a bundle that has an address is asked for. */
export const REMOTE_SETTINGS = {
  refresh: Duration.refine((ms) => ms >= SHORTEST_REFRESH_MS && ms <= LONGEST_REFRESH_MS, 'must be from 1s to 7d')
    .prefault('2m')
    .describe(
      'How often an address is asked for something newer: after half of this time at the soonest, after all of it at the latest.',
    ),
  maxAge: Duration.optional().describe(
    'Longest time since the address last said that its bundle is the newest; after that the bundle counts as missing, which denies. Default: for ever.',
  ),
  credentials: Credentials.optional().describe('What is shown to the address, where it wants to know who asks.'),
};
