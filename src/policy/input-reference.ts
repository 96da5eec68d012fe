import * as z from 'zod';
import { PolicyInput } from '../core/policy-input.ts';

/** As much of a JSON Schema as the one of policy input uses. */
interface FieldSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly additionalProperties?: FieldSchema | false;
}

const INTRODUCTION = `# What a rule reads

<!-- Generated from src/core/policy-input.ts. Do not edit. -->

Policy input, version 1. Every field is always there with its type: what is not known is \`""\`, 0, \`[]\` or \`{}\`, never null,
but for the kinds of capabilities that nobody emits.

| Field of \`input\` | Value | What it says |
|---|---|---|`;

/** The reference page, \`docs/reference/policy-input.md\`, whole. */
export function inputReference(): string {
  return `${[INTRODUCTION, ...rowsOf(z.toJSONSchema(PolicyInput) as FieldSchema, '')].join('\n')}\n`;
}

function rowsOf({ properties = {} }: FieldSchema, path: string): readonly string[] {
  return Object.entries(properties).flatMap(([name, field]) => rowsOfField(field, `${path}${name}`));
}

function rowsOfField(field: FieldSchema, path: string): readonly string[] {
  const own = `| \`${path}\` | ${kindOf(field)} | ${field.description ?? ''} |`;
  const member = typeof field.additionalProperties === 'object' ? field.additionalProperties : {};
  return [
    own,
    ...rowsOf(field, `${path}.`),
    ...rowsOf(field.items ?? {}, `${path}[].`),
    ...rowsOf(member, `${path}.<name>.`),
  ];
}

function kindOf({ type = '', enum: values, items }: FieldSchema): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ');
  if (items !== undefined) return `list of ${items.type === 'object' ? 'objects' : 'texts'}`;
  return { string: 'text', number: 'number', boolean: '`true`, `false`' }[type] ?? 'object';
}
