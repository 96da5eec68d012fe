#!/usr/bin/env node
// Charges and refunds as an MCP server, on the SDK's 1.x line. No money moves.
//
//   node server.mjs [FILE]
//
// FILE keeps the book as JSON; without it the book lives as long as the process. Sentinels (../sentinels.mjs): the
// `charge_id` of get_charge.

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { obeySentinel } from '../sentinels.mjs';
import { CHARGE_CAP, openLedger } from './ledger.mjs';

const ledger = openLedger(process.argv[2]);

const ChargeId = z.string().min(1).max(64).describe('Id of a charge, such as ch_1001');
const Customer = z
  .string()
  .regex(/^cus_[0-9]{1,9}$/)
  .describe('Id of a customer, such as cus_17');
const Amount = z.int().min(1).max(CHARGE_CAP).describe('Amount in cents');
const Charge = z.strictObject({
  id: ChargeId,
  customer: Customer,
  amount: Amount,
  currency: z.string(),
  refunded: z.int().min(0).describe('Cents refunded so far'),
});

const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const WRITES = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true };

const server = new McpServer({ name: 'payments', version: '1.0.0' });

server.registerTool(
  'get_charge',
  {
    description: 'Shows one charge.',
    inputSchema: z.strictObject({ charge_id: ChargeId }),
    annotations: READS,
  },
  async ({ charge_id }) => (await obeySentinel(charge_id)) ?? answer(ledger.charge(charge_id)),
);

server.registerTool(
  'list_charges',
  {
    description: 'Lists charges, of one customer or of all.',
    inputSchema: z.strictObject({ customer: Customer.optional() }),
    outputSchema: z.strictObject({ charges: z.array(Charge) }),
    annotations: READS,
  },
  ({ customer }) => answer({ charges: ledger.charges(customer) }),
);

server.registerTool(
  'create_charge',
  {
    description: 'Charges a customer.',
    inputSchema: z.strictObject({
      customer: Customer,
      amount: Amount,
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/)
        .describe('ISO 4217 code'),
    }),
    outputSchema: Charge,
    annotations: WRITES,
  },
  (charge) => answer(ledger.addCharge(charge)),
);

server.registerTool(
  'create_refund',
  {
    description: 'Gives money of a charge back. Without an amount, all that is left of the charge.',
    inputSchema: z.strictObject({ charge_id: ChargeId, amount: Amount.optional() }),
    annotations: WRITES,
  },
  ({ charge_id, amount }) => answer(ledger.addRefund(charge_id, amount)),
);

await server.connect(new StdioServerTransport());

/** @param {Record<string, unknown>} value */
function answer(value) {
  return { content: [{ type: /** @type {const} */ ('text'), text: JSON.stringify(value) }], structuredContent: value };
}
