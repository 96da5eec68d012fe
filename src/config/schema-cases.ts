import * as z from 'zod';
import { LABEL } from '../core/names.ts';
import type { JsonObject } from '../core/json.ts';
import type { DeepReadonly } from './schema.ts';
import { AgentIdText, Duration, ServerIdText, Texts } from './schema-values.ts';

const Text = z.string().min(1, 'is empty');
const Count = z.number().min(0, 'must be 0 or more');
const NOT_A_TIME = 'not a time; write date, time and offset, such as 2026-01-14T10:00:00+01:00';

/** RFC 3339 with an offset; parsed into milliseconds since the epoch. */
const Moment = z
  .string(NOT_A_TIME)
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/, NOT_A_TIME)
  .refine((text) => !Number.isNaN(Date.parse(text)), NOT_A_TIME)
  .transform((text) => Date.parse(text));

const RuleName = z.string().regex(/^[a-z0-9][a-z0-9-]*\/[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'not <bundle>/<rule>');
const ToolName = z.string().regex(/^[a-z0-9*?][a-z0-9*?-]*\/.+$/, 'not <server>/<tool>; * may stand in either');
const JsonMap = z.record(z.string(), z.unknown()).transform((value) => value as JsonObject);
const ApproverName = z
  .string()
  .regex(/^(user|group:[A-Za-z0-9][A-Za-z0-9_.@-]{0,63})$/, 'neither user nor group:<name>');

/** One value, or a list of several that are tried one after the other. */
function oneOrMore<T extends z.ZodType>(one: T) {
  return z.union([one, z.array(one).min(1, 'is empty')]).transform((value) => [value].flat() as z.output<T>[]);
}

const counts = {
  turn_count: Count.optional().describe('Turns of the conversation, this one included.'),
  cumulative_tokens: Count.optional().describe('Tokens of the conversation, estimated from its bytes.'),
  calls_in_a_row: Count.optional().describe('Calls since the agent last paused, this one included.'),
  calls_in_a_minute: Count.optional().describe('Calls within the last minute, this one included.'),
  calls_of_tool: Count.optional().describe('Calls of this tool, this one included.'),
  identical_calls: Count.optional().describe('How often this very call was made, this time included.'),
  denied_calls: Count.optional().describe('Calls that were denied.'),
  denied_in_a_minute: Count.optional().describe('Calls that were denied within the last minute.'),
};

const Context = z.strictObject({
  ...counts,
  session_age_seconds: Count.optional().describe('Since the first call.'),
  agent: z.strictObject(counts).optional().describe('Where the agent has other conversations: all of them together.'),
});

const Label = z
  .union([
    z.string(),
    z.strictObject({
      label: z.string().describe('The label.'),
      source: z.string().default('stated').describe('Who attached it: the full name of a rule.'),
      age: Duration.prefault('1m').describe('How long ago.'),
    }),
  ])
  .transform((given) => (typeof given === 'string' ? { label: given, source: 'stated', age: 60_000 } : given))
  .refine(({ label }) => LABEL.test(label), 'not a label, such as customer_pii');

const Approval = z
  .union([
    ApproverName,
    z.strictObject({
      by: ApproverName.describe('Who was asked: `user`, or `group:<name>`.'),
      people: Texts.default([]).describe('Who has answered. Default: the user, or one member of the group.'),
      verdict: z.enum(['approve', 'deny']).default('approve').describe('What they said.'),
    }),
  ])
  .transform((given) => (typeof given === 'string' ? { by: given, people: [], verdict: 'approve' as const } : given));

const Environment = z.strictObject({
  region: z.string().optional().describe('Where the gateway runs.'),
  is_production: z.boolean().optional().describe('Whether real data and customers are behind it.'),
  labels: z.record(z.string(), z.string()).optional().describe('Further facts.'),
  timezone: z
    .string()
    .refine(isTimezone, 'not the name of a time zone, such as Europe/Berlin')
    .optional()
    .describe('Time zone of the gateway, which says what weekday it is. Default: UTC.'),
});

const Claims = z.strictObject({
  model: z.string().optional().describe('Model that the client names.'),
  turn_count: Count.optional().describe('Turns that the client counts.'),
  cumulative_tokens: Count.optional().describe('Tokens that the client counts.'),
  conversation_id: z.string().optional().describe('Conversation that the client names.'),
});

/** What holds when a call is made; a case says what differs from what the file says. */
const given = {
  time: Moment.optional().describe('When the calls are made.'),
  environment: Environment.optional().describe('Facts about where the gateway runs. Default: as configured.'),
  context: Context.optional().describe('What the conversation has done. Default: nothing yet.'),
  claims: Claims.optional().describe('What the client says of itself.'),
  labels: z.array(Label).optional().describe('Labels that the conversation has.'),
  budgets: z
    .record(z.string().regex(/^[^/]+\/.+$/, 'not <bundle>/<counter> or <bundle>/<rule>'), Count)
    .optional()
    .describe('How much is used: by `<bundle>/<counter>`, or by `<bundle>/<rule>` of a rate limit.'),
  approvals: z.array(Approval).optional().describe('What people have answered to exactly this call.'),
};

const ExpectedObligation = z
  .union([z.string(), z.looseObject({ type: z.string().describe('Type of the obligation.') })])
  .transform((wanted) => (typeof wanted === 'string' ? { type: wanted } : wanted) as JsonObject);

const expectedOfAny = {
  reasons: z.array(Text).optional().describe('Codes of the denials: these and no others.'),
  rules: z.array(RuleName).optional().describe('Rules that have spoken, as `<bundle>/<rule>`: at least these.'),
  obligations: z
    .array(ExpectedObligation)
    .optional()
    .describe('What the gateway has to carry out: at least these, each with at least these fields. `[]`: nothing.'),
  warnings: z.array(Text).optional().describe('A part of the text of each warning: these and no others.'),
  labels: z.array(Text).optional().describe('Labels that the conversation gets: these and no others.'),
};

const ExpectedResult = z.strictObject({
  effect: z.enum(['allow', 'deny']).describe('Whether the agent gets the result, or it is withheld.'),
  ...expectedOfAny,
});

const Expected = z.strictObject({
  effect: z
    .enum(['allow', 'deny', 'pending', 'hidden'])
    .describe('`pending` waits for an approval; `hidden` is denied, and not even listed.'),
  ...expectedOfAny,
  lifted: z.array(Text).optional().describe('Denials that a permit lifts: these and no others.'),
  remediation: Text.optional().describe('Code of what would help.'),
  told: oneOrMore(Text).optional().describe('What stands in the text that the agent gets.'),
  result: ExpectedResult.optional().describe('What becomes of the result.'),
});

const Effect = z.enum(['allow', 'deny', 'pending', 'hidden']);

const Result = z.strictObject({
  text: z.string().optional().describe('Text of the result. Default: its structured content.'),
  structured: JsonMap.optional().describe('Its structured content.'),
  isError: z.boolean().default(false).describe('Whether the tool says that it has failed.'),
  labels: Texts.default([]).describe('Labels that the server claims.'),
});

const Case = z.strictObject({
  name: Text.describe('What holds, as a sentence.'),
  principal: oneOrMore(Text).describe('Who asks: names of `principals`, or `*`. Of a list each one.'),
  tool: oneOrMore(ToolName).describe('What for: `<server>/<tool>`; `*` may stand in either. Of a list each one.'),
  args: oneOrMore(z.union([Text, JsonMap]))
    .optional()
    .describe('With what: arguments, or the name of a sample. Of a list each one. Default: each sample of the tool.'),
  ...given,
  result: Result.optional().describe('What the server answers, where the phase of results is decided.'),
  expect: z.union([Effect.transform((effect) => ({ effect })), Expected]).describe('What must come of it.'),
});

const Principal = z.strictObject({
  agent: AgentIdText.describe('Id of the agent.'),
  user: Text.optional().describe('Id of the user. Default: as `gateway.principal.user`, groups and data classes too.'),
  groups: Texts.optional().describe('Groups of the user.'),
  data_classes: Texts.optional().describe('Data classes the user may see.'),
  parent: oneOrMore(AgentIdText)
    .optional()
    .describe('Agents on whose behalf it asks, nearest first, beside those that the configuration names.'),
  scope: z.string().default('').describe('Scope of an agent that the configuration does not know.'),
  owner_team: z.string().default('').describe('Team of such an agent.'),
  model: z.string().default('').describe('Model of such an agent.'),
  client: z.string().default('').describe('Name that the client gives.'),
});

const Tools = z.union([
  Text,
  z.record(
    ServerIdText,
    z.union([Text, z.array(z.looseObject({ name: Text.describe('The server’s own name for the tool.') }))]),
  ),
]);

/** A file of decision cases, whole. */
export const CaseFile = z.strictObject({
  $schema: z.string().optional().describe('Address of the JSON Schema, for editors.'),
  version: z.literal(1).describe('Version of this format.'),
  about: z.string().default('').describe('What the cases are about.'),
  ...given,
  time: Moment.describe('When all calls are made; time stands still.'),
  servers: z.array(ServerIdText).optional().describe('The servers that the file is about. Default: all.'),
  tools: Tools.optional().describe(
    'Tool definitions: a JSON file, relative to this one, or by server. Default: as the gateway last listed them.',
  ),
  unlisted: z
    .enum(['deny', 'unchecked'])
    .default('deny')
    .describe('Whether what no case lists, of the principals and tools here, must be denied.'),
  principals: z.record(Text, Principal).describe('Who asks, by a name of your own.'),
  samples: z
    .record(ToolName, z.record(Text, JsonMap))
    .default({})
    .describe('Sample arguments by tool and by a name of your own. Default: the least that the tool takes.'),
  cases: z.array(Case).default([]).describe('What must hold.'),
  unmissed: z
    .record(RuleName, Text)
    .default({})
    .describe('Rules that no case can miss, as `<bundle>/<rule>`, each with the reason; `--mutate` leaves them out.'),
});
export type CaseFile = DeepReadonly<z.output<typeof CaseFile>>;
export type DecisionCase = CaseFile['cases'][number];
/** What a case, or the whole file, says of the circumstances. */
export type Given = Pick<DecisionCase, keyof typeof given>;

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
