import type { Json, JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import type { Remember } from '../core/opinion.ts';
import { revealText } from '../policy/author-text.ts';
import type { ServerQuestion } from './port.ts';

/** The call as its user has to see it before it runs. */
export interface CallToConfirm {
  readonly server: string;
  /** What is called: `the tool merge_pull_request`. */
  readonly subject: string;
  readonly args: JsonObject;
  readonly agent: string;
  /** Why it is asked, rule by rule. */
  readonly why: readonly string[];
  readonly remember: Remember;
}

/** What the user says; `nothing` where the question was put away, or answered with neither. */
export type Verdict = 'approve' | 'deny' | 'nothing';

const CHOICES = ['approve', 'deny'] as const;

/** Asks a user whether a call may run (MCP 2025-11-25 and 2026-07-28, client/elicitation, form mode). */
export function formFor(call: CallToConfirm): ServerQuestion {
  const answer = { type: 'string', title: 'May this call run?', enum: [...CHOICES] };
  const requestedSchema = { type: 'object', properties: { answer }, required: ['answer'] };
  return { method: 'elicitation/create', params: { mode: 'form', message: messageOf(call), requestedSchema } };
}

/** Nothing but the user's own word counts: a form that is sent off without a choice has chosen nothing. */
export function verdictIn(answer: Json | undefined): Verdict {
  if (!isJsonObject(answer)) return 'nothing';
  if (answer['action'] === 'decline') return 'deny';
  const content = answer['action'] === 'accept' ? answer['content'] : undefined;
  return (isJsonObject(content) ? CHOICES.find((choice) => choice === content['answer']) : undefined) ?? 'nothing';
}

const MAX_NAME = 100;
const MAX_VALUE = 500;
const MAX_ARGUMENTS = 40;

function messageOf({ server, subject, args, agent, why, remember }: CallToConfirm): string {
  return [
    `${revealText(agent, MAX_NAME) || 'The agent'} wants to use ${revealText(subject, MAX_VALUE)} of ${server}.`,
    ...argumentLines(args),
    ...why.map((reason) => `Why you are asked: ${reason}`),
    EFFECTS[remember],
  ].join('\n');
}

const EFFECTS: Readonly<Record<Remember, string>> = {
  never: 'If you approve, exactly this call runs, once.',
  session: 'If you approve, this call runs, and you are not asked about this tool again in this session.',
  pin: 'If you approve, this call runs, and you are not asked about this tool again until it changes.',
};

/** One line for each argument, so that none can pass itself off as another. */
function argumentLines(args: JsonObject): readonly string[] {
  const members = Object.entries(args);
  const lines = members
    .slice(0, MAX_ARGUMENTS)
    .map(([name, value]) => `  ${revealText(name, MAX_NAME)}: ${revealText(writeJson(value), MAX_VALUE)}`);
  const left = members.length - lines.length;
  return left > 0 ? [...lines, `  and ${left} more arguments`] : lines;
}
