import * as z from 'zod';
import { ACTION_PHASES, type ActionType } from '../core/action.ts';
import type { JsonObject } from '../core/json.ts';
import { LAYERS } from '../core/opinion.ts';
import { isRange } from '../core/version-range.ts';
import { DeclaredCounters } from './counter-schema.ts';

/** The one root of a bundle: first part of its packages and of its data. */
const ROOT = /^[a-z][a-z0-9_]*$/;
const RESERVED_ROOTS: ReadonlySet<string> = new Set(['gateway', 'system']);

const Root = z
  .string()
  .regex(ROOT, 'a root matches ^[a-z][a-z0-9_]*$')
  .refine((root) => !RESERVED_ROOTS.has(root), 'the roots gateway and system are reserved');

const GOVERNABLE = Object.keys(ACTION_PHASES).filter((type): type is ActionType => !type.endsWith('_list'));
const Governed = z.enum(
  GOVERNABLE,
  `one of ${GOVERNABLE.join(', ')}; a list is governed where its request is, so it is not named`,
);

const DataClasses = z.array(z.string().min(1).max(64));
const Pointer = z.string().regex(/^(\/([^~/]|~[01])*)*$/, 'a JSON pointer is empty or starts with /');
/** Read from JSON, so nothing else can stand in it. */
const JsonSchema = z.record(z.string(), z.unknown()).transform((schema) => schema as JsonObject);

const Tool = z.strictObject({
  effect: z.enum(['read', 'write', 'destroy']).optional(),
  data_classes: DataClasses.default([]),
  args: z.record(Pointer, z.strictObject({ data_classes: DataClasses })).default({}),
});

/** The server that a bundle was written for. */
export const ServerOfBundle = z.strictObject({
  package: z.string().min(1),
  /** Where the package's name is looked up. */
  registry: z.enum(['npm', 'pypi']).default('npm'),
  /** As npm writes ranges; every version where nothing is said. */
  versions: z.string().refine(isRange, 'a range of versions, such as ">=1.2.0 <3.0.0"').optional(),
  /** Images of containers in which the same server is published. */
  images: z.array(z.string().min(1)).default([]),
});
export type ServerOfBundle = z.output<typeof ServerOfBundle>;

const Gateway = z.strictObject({
  contract: z.literal(1, 'this gateway knows contract 1'),
  layer: z.enum(LAYERS),
  server: ServerOfBundle.optional(),
  governs: z.array(Governed).min(1).optional(),
  counters: DeclaredCounters.default([]),
  tools: z.record(z.string().min(1).max(256), Tool).default({}),
  config: JsonSchema.optional(),
  floor: z.union([z.string().min(1), z.number().int().nonnegative()]).optional(),
});

/**
 * `.manifest` of a bundle: OPA's own members and, under `metadata.gateway`, ours.
 * Other members of `metadata` belong to other tools and are not read.
 * Source: OPA, "Bundles", section "Bundle File Format".
 */
export const Manifest = z.strictObject({
  revision: z.string().max(256).default(''),
  roots: z.tuple([Root], 'a bundle has exactly one root'),
  rego_version: z.literal(1, 'only Rego v1 is read').optional(),
  metadata: z.looseObject({ gateway: Gateway }),
});
export type Manifest = z.output<typeof Manifest>;
