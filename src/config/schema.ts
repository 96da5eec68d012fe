import * as z from 'zod';
import { Dashboard } from './schema-dashboard.ts';
import { AgentSettings, Gateway } from './schema-gateway.ts';
import { Policies } from './schema-policies.ts';
import { McpServer } from './schema-servers.ts';
import { DecisionExport, Telemetry } from './schema-telemetry.ts';
import { AgentIdText, Duration, ServerIdText, Texts } from './schema-values.ts';

const HOUR_MS = 3_600_000;

const Decisions = z.strictObject({
  store: z
    .strictObject({
      driver: z.enum(['sqlite', 'postgres']).default('sqlite').describe('Kind of database.'),
      path: z
        .string()
        .min(1)
        .optional()
        .describe('The database file, for `sqlite`. Default: decisions.db in MCP_GATEWAY_HOME.'),
      url: z
        .string()
        .optional()
        .describe(
          'Address of the database, for `postgres`: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, its password as `${secret:NAME}` and with `%XX` for signs such as `@` and `/`. `?sslmode=` is one of `disable` (the default on this machine), `require`, `verify-ca`, `verify-full` (the default for any other host); `sslrootcert`, `sslcert` and `sslkey` name files.',
        ),
      poolSize: z
        .int()
        .min(1)
        .max(100)
        .optional()
        .describe('The most connections that one gateway has to it, for `postgres`; a few more read. Default: 8.'),
    })
    .prefault({})
    .describe('Where decisions are kept.'),
  durability: z
    .enum(['full', 'normal'])
    .default('full')
    .describe('`full` survives a power cut, `normal` a killed process.'),
  arguments: z
    .enum(['redacted', 'full', 'hashed', 'none'])
    .default('redacted')
    .describe('How arguments are kept: with secrets hashed, whole, only as a hash, not at all.'),
  redact: z
    .array(
      z.string().regex(/^(\/([^/~]|~[01])*)+$/, 'not a JSON pointer, such as /customer/email; * is any one segment'),
    )
    .default([])
    .describe('JSON pointers into arguments whose values are kept as a hash; `*` is any one segment.'),
  auditKey: z
    .string()
    .regex(/^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)$/, 'not 32 bytes as 64 hexadecimal digits or as base64')
    .optional()
    .describe(
      'Seals what `audit_required` keeps (AES-256-GCM): 32 bytes as hex or base64, as `${file:audit.key}`. Without it that is kept masked.',
    ),
  retain: Duration.refine((ms) => ms >= HOUR_MS, 'must be at least 1h')
    .optional()
    .describe(
      'How long decisions are kept; older ones are removed, whole segments at a time, in PostgreSQL whole months. Without it all are kept.',
    ),
  export: z
    .array(DecisionExport)
    .default([])
    .describe('Where decisions are sent, again and again (docs/telemetry.md).'),
});

const Approvals = z.strictObject({
  hold: Duration.prefault('45s').describe(
    'How long a call is held while its user is asked; then its agent is told that it waits for approval.',
  ),
  timeout: Duration.prefault('1h').describe('How long an approval stays open where the rule that asks does not say.'),
  groups: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/, 'not the name of a group'), Texts)
    .default({})
    .describe('Who may approve for a group: users of the operating system, by the group’s name.'),
  notify: z
    .enum(['auto', 'always', 'never'])
    .default('auto')
    .describe(
      'Whether the desktop shows that a call waits for the person in front of it: `auto` while serving over stdio alone, `always` over HTTP, too.',
    ),
});

const YEAR_MS = 366 * 86_400_000;

const Labels = z.strictObject({
  ttl: Duration.refine((ms) => ms > 0 && ms <= YEAR_MS, 'must be longer than nothing and at most 366d')
    .prefault('8h')
    .describe('How long a label stays with a conversation, unless its rule says so.'),
  sticky: z
    .array(z.string().regex(/^[a-z*?][a-z0-9_.*?-]{0,63}$/, 'not a label, such as customer_data; * is any text'))
    .default([])
    .describe('Globs of labels that stay with the agent and its user, in whatever session or client it goes on.'),
});

/** `mcp-gateway.yaml`, whole. Defaults live here and nowhere else. What this version refuses by name: `not-built.ts`. */
export const ConfigFile = z.strictObject({
  $schema: z.string().optional().describe('Address of the JSON Schema, for editors.'),
  version: z.literal(1).describe('Version of this format.'),
  include: Texts.optional().describe('Further files to merge, as paths or globs; a key may stand in one of them only.'),
  gateway: Gateway.prefault({}).describe('The gateway itself.'),
  agents: z.record(AgentIdText, AgentSettings).prefault({}).describe('The agents that are told apart, by id.'),
  mcpServers: z.record(ServerIdText, McpServer).describe('The servers behind the gateway, by id.'),
  policies: Policies.prefault({}).describe('The policies of the organisation.'),
  approvals: Approvals.prefault({}).describe('How approvals are asked and given.'),
  labels: Labels.prefault({}).describe('How labels on data behave.'),
  decisions: Decisions.prefault({}).describe('How decisions are kept.'),
  telemetry: Telemetry.optional().describe('Traces and metrics.'),
  dashboard: Dashboard.prefault({}).describe('The pages in the browser (docs/dashboard.md).'),
});
export type ConfigFile = DeepReadonly<z.output<typeof ConfigFile>>;

export type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
