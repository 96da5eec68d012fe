import * as z from 'zod';
import { MOST } from '../core/charge.ts';

/** A cost or a limit: finite, at least 0, with at most three decimals. */
export const Amount = z
  .number()
  .min(0)
  .max(MOST)
  .refine(
    (amount) => Math.abs(amount * 1000 - Math.round(amount * 1000)) < 1e-6 * Math.max(1, amount),
    'has more than three decimals',
  )
  .transform((amount) => Math.round(amount * 1000) / 1000);
