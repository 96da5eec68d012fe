// Charges and refunds, in memory or in a JSON file that is replaced as a whole at each change.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @typedef {{ id: string, customer: string, amount: number, currency: string, refunded: number }} Charge Amounts in cents.
 * @typedef {{ id: string, charge_id: string, amount: number }} Refund
 * @typedef {{ charges: Charge[], refunds: Refund[] }} Book
 */

/** The most that one charge may take, in cents. */
export const CHARGE_CAP = 1_000_000;

/** @type {readonly Charge[]} */
const EXAMPLES = [
  { id: 'ch_1001', customer: 'cus_17', amount: 12_900, currency: 'EUR', refunded: 0 },
  { id: 'ch_1002', customer: 'cus_17', amount: 249_900, currency: 'EUR', refunded: 0 },
  { id: 'ch_1003', customer: 'cus_42', amount: 4_500, currency: 'USD', refunded: 0 },
  { id: 'ch_1004', customer: 'cus_63', amount: 89_000, currency: 'EUR', refunded: 9_000 },
];

/**
 * @param {string | undefined} file Where the book is kept; without a file it lives as long as the process.
 */
export function openLedger(file) {
  /** @type {Book} */
  let book =
    file !== undefined && existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))
      : { charges: [...EXAMPLES], refunds: [] };

  /** @param {Book} next */
  const keep = (next) => {
    if (file !== undefined) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(next, null, 2)}\n`);
      renameSync(`${file}.${process.pid}`, file);
    }
    book = next;
  };

  /** @param {string} id @returns {Charge} */
  const charge = (id) => {
    const found = book.charges.find((one) => one.id === id);
    if (!found) throw new Error(`there is no charge "${id}"`);
    return found;
  };

  return {
    charge,

    /** @param {string | undefined} customer @returns {Charge[]} */
    charges: (customer) => book.charges.filter((one) => customer === undefined || one.customer === customer),

    /** @param {{ customer: string, amount: number, currency: string }} what @returns {Charge} */
    addCharge: (what) => {
      const added = { id: `ch_${1001 + book.charges.length}`, ...what, refunded: 0 };
      keep({ ...book, charges: [...book.charges, added] });
      return added;
    },

    /** @param {string} chargeId @param {number | undefined} amount Cents; absent means all that is left. @returns {Refund} */
    addRefund: (chargeId, amount) => {
      const of = charge(chargeId);
      const left = of.amount - of.refunded;
      const added = { id: `re_${1 + book.refunds.length}`, charge_id: chargeId, amount: amount ?? left };
      if (added.amount > left) throw new Error(`only ${left} cents of charge "${chargeId}" are left to refund`);
      keep({
        charges: book.charges.map((one) => (one === of ? { ...of, refunded: of.refunded + added.amount } : one)),
        refunds: [...book.refunds, added],
      });
      return added;
    },
  };
}
