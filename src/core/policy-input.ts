import * as z from 'zod';

const text = z.string();
const texts = z.array(z.string());
const count = z.number();
const anything = z.record(z.string(), z.unknown());

const Label = z.strictObject({
  label: text,
  source: text.describe('Full name of the rule that attached it last, or the server.'),
  age_seconds: count.describe('Since it was attached last.'),
});

const Result = z.strictObject({
  bytes: count.describe('Length of the result as JSON text in UTF-8.'),
  content_types: texts.describe('Types of its content blocks, sorted: text, image, audio, resource, resource_link.'),
  data_classes: z
    .record(z.string(), count)
    .describe('Classes of data that were found in it, each with how often; see `policies.dataClasses`.'),
  is_cut: z.boolean().describe('Whether `text` or `structured` is less than what came.'),
  is_error: z.boolean().describe('Whether the tool says that it failed, or answered with an error of the protocol.'),
  labels: texts.describe('What its server says of it by `mcp-gateway/labels` in `_meta`: a claim.'),
  mime_types: texts.describe('Of its images, sounds and resources, sorted.'),
  structured: anything.describe('`structuredContent`, where it is an object of at most 64 KB; big integers as text.'),
  text: text.describe('All text of its content, in lines, at most 65536 characters.'),
});

const Budget = z.strictObject({
  used: count,
  reserved: count,
  limit: count,
  remaining: count,
  ratio: count.describe('(used + reserved) / limit'),
  resets_at: text.describe('RFC 3339, or empty where the window never ends.'),
});

/** What the gateway has counted; of a call that is about to be decided, this one is included. */
const counts = {
  calls_in_a_minute: count.describe('Tool calls of the last 60 seconds, to within ten.'),
  calls_in_a_row: count.describe('Tool calls of the turn: since the last pause of more than 20 seconds.'),
  calls_of_tool: count.describe('Calls of the tool that is asked for; 0 where none is.'),
  cumulative_tokens: count.describe('Estimated: a quarter of the bytes of all arguments and results.'),
  denied_calls: count.describe('Tool calls that were denied before.'),
  denied_in_a_minute: count.describe('Those of the last 60 seconds, to within ten.'),
  identical_calls: count.describe(
    'How often this very call of this tool with these arguments was made, without a pause of ten minutes; 0 where no tool is asked for.',
  ),
  turn_count: count.describe('Groups of tool calls between which there was a pause.'),
};

/**
 * What a rule reads, version 1. Every field is always there with its type: unknown text is `""`, an unknown number 0,
 * an empty list `[]`, an empty object `{}`; never null. A rule `not input.agent.model in {…}` on an absent field would
 * silently not fire. The reference page, the schema for the Rego compiler and the lint come from here.
 */
export const PolicyInput = z.strictObject({
  agent: z.strictObject({
    id: text.describe('Which agent asks: from configuration, key or token, else the name the client gives.'),
    scope: text,
    owner_team: text,
    model: text,
    client: z.strictObject({ name: text, version: text }),
    delegated_by: texts.describe('The agents on whose behalf it asks, nearest first.'),
  }),
  user: z.strictObject({ id: text, groups: texts, data_classifications_authorized: texts }),
  identity: z.strictObject({
    capabilities: z
      .strictObject({
        server: texts.optional(),
        tool: texts.optional(),
        scope: texts.optional(),
        data_class: texts.optional(),
      })
      .describe(
        'What the identity layer grants; a kind that is absent is unrestricted. `{}` while identity is evaluated.',
      ),
  }),
  server: z.strictObject({
    id: text,
    package: text,
    version: text,
    region: text,
    trust: text,
    pinned: z
      .boolean()
      .describe('Whether `mcp-gateway.lock` has it: then what is new came after the rest was accepted.'),
  }),
  action: z.strictObject({
    type: text,
    tool: text.describe('Unprefixed.'),
    resource: text.describe('URI.'),
    prompt: text,
    ref: anything,
    request: anything.describe('Parameters of a request that a server makes.'),
    args: anything,
    annotations: anything,
    effect: z.enum(['read', 'write', 'destroy', 'unknown']),
    consent: z
      .enum(['accepted', 'new', 'changed'])
      .describe(
        '`accepted` as in `mcp-gateway.lock`, `new` where that does not have it; `changed` is quarantined whatever rules say.',
      ),
    result: Result.describe('Of a `tool_result`; for all else empty.'),
    schema_checked: z.boolean().describe('Whether the arguments were checked against the tool’s input schema.'),
    data_classes_referenced: texts.describe('Declared for the tool, and the labels of the conversation.'),
    hash: text.describe('SHA-256 of server, tool and arguments, hex.'),
  }),
  context: z.strictObject({
    ...counts,
    conversation_id: text.describe(
      'The session; of a client without sessions, always the same for agent, user and client.',
    ),
    session_age_seconds: count.describe('Since the first tool call.'),
    labels: z
      .array(Label)
      .describe('Those that hold now, one entry a label, ordered by label; at most 64 of a conversation.'),
    agent: z.strictObject(counts).describe('The same counts over all conversations of this agent with this user.'),
  }),
  budgets: z.record(z.string(), Budget),
  claims: z.strictObject({
    present: texts.describe('Which of the claims the client made.'),
    model: text,
    turn_count: count,
    cumulative_tokens: count,
    conversation_id: text,
  }),
  environment: z.strictObject({
    region: text,
    time: text.describe('RFC 3339 in UTC; the one time of this decision.'),
    time_ms: count,
    weekday: text.describe('monday … sunday, in `timezone`.'),
    timezone: text.describe('IANA name.'),
    is_production: z.boolean(),
    labels: z.record(z.string(), z.string()),
    gateway: text.describe('Name of this gateway.'),
  }),
});
export type PolicyInput = z.output<typeof PolicyInput>;

const NO_COUNTS: PolicyInput['context']['agent'] = {
  calls_in_a_minute: 0,
  calls_in_a_row: 0,
  calls_of_tool: 0,
  cumulative_tokens: 0,
  denied_calls: 0,
  denied_in_a_minute: 0,
  identical_calls: 0,
  turn_count: 0,
};

/** Of what belongs to no call, such as a list. */
export const NO_CONTEXT: PolicyInput['context'] = {
  agent: NO_COUNTS,
  calls_in_a_minute: 0,
  calls_in_a_row: 0,
  calls_of_tool: 0,
  conversation_id: '',
  cumulative_tokens: 0,
  denied_calls: 0,
  denied_in_a_minute: 0,
  identical_calls: 0,
  labels: [],
  session_age_seconds: 0,
  turn_count: 0,
};

/** Of what is no result. */
export const NO_RESULT: PolicyInput['action']['result'] = {
  bytes: 0,
  content_types: [],
  data_classes: {},
  is_cut: false,
  is_error: false,
  labels: [],
  mime_types: [],
  structured: {},
  text: '',
};
