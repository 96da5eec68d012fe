import { type ElicitRequestFormParams, inputRequired, type InputRequest } from '@modelcontextprotocol/server';

type FormSchema = ElicitRequestFormParams['requestedSchema'];

/** Asks the user to fill in a form. */
export function form(message: string, requestedSchema: FormSchema): InputRequest {
  return inputRequired.elicit({ message, requestedSchema });
}

/** Asks the client's model. */
export function sampling(prompt: string): InputRequest {
  return inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
    maxTokens: 100,
  });
}

/** A form of text fields, all of which must be filled in. */
export function textFields(...names: readonly string[]): FormSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    required: [...names],
  };
}

export const confirmation: FormSchema = {
  type: 'object',
  properties: { ok: { type: 'boolean' } },
  required: ['ok'],
};

/** A default for each primitive type (SEP-1034). */
export const everyDefault: FormSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'Who asks', default: 'John Doe' },
    age: { type: 'integer', description: 'In years', default: 30 },
    score: { type: 'number', description: 'Out of a hundred', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', description: 'Whether somebody has looked', default: true },
  },
};

/** Every way to offer a choice, the deprecated one included (SEP-1330). */
export const everyChoice: FormSchema = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: {
      type: 'string',
      oneOf: [
        { const: 'value1', title: 'The first' },
        { const: 'value2', title: 'The second' },
      ],
    },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['Number one', 'Number two'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: {
      type: 'array',
      items: {
        anyOf: [
          { const: 'value1', title: 'One of them' },
          { const: 'value2', title: 'Another of them' },
        ],
      },
    },
  },
};
