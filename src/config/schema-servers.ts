import * as z from 'zod';
import { type BundleAddress, isAddress, readBundleAddress } from '../core/bundle-address.ts';
import { REMOTE_SETTINGS } from './schema-remote.ts';
import { SIGNER_SETTING } from './schema-signer.ts';
import { BundleData, Duration, ModeName, RuleModes, Texts } from './schema-values.ts';

export type PolicySource =
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }
  /** Absolute once the configuration is loaded. */
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'remote'; readonly address: BundleAddress };

export type Transport =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      /** Absolute once the configuration is loaded; the folder of the file by default. */
      readonly cwd: string;
    }
  | {
      readonly kind: 'http' | 'sse';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    };

const ServerPolicy = z.strictObject({
  source: z
    .string()
    .min(1)
    .default('auto')
    .transform(parseSource)
    .describe(
      'Where the policy bundle lies: `auto` looks beside the server and then on the shelf, `none`, a path, or an address (docs/sources.md).',
    ),
  onMissing: z
    .enum(['starter', 'deny'])
    .default('starter')
    .describe('What holds when no bundle is found: the starter bundle, or denial.'),
  mode: ModeName.default('enforce').describe('Mode of the whole bundle.'),
  rules: RuleModes.default({}).describe('Modes of single rules, by id.'),
  data: BundleData.prefault({}).describe('Values for `data.<root>.config` of the bundle.'),
  ...REMOTE_SETTINGS,
  ...SIGNER_SETTING,
});

const Credentials = z
  .strictObject({
    client_id: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The gateway’s id there. Default: it registers itself. An https address is that of a metadata document.',
      ),
    client_secret: z.string().min(1).optional().describe('The secret to that id, as a reference; needs `issuer`.'),
    scopes: Texts.optional().describe('What to ask for. Default: what the server asks for.'),
    issuer: z
      .url({ protocol: /^https?$/, error: 'not an http or https URL' })
      .optional()
      .describe('The authorization server. Default: the first one that the server names.'),
    redirect_port: z
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe('Port on 127.0.0.1 that the browser returns to. Default: any free one.'),
  })
  .refine((given) => given.client_secret === undefined || given.client_id !== undefined, {
    path: ['client_secret'],
    error: 'needs the client_id that it belongs to',
  })
  .refine((given) => given.client_secret === undefined || given.issuer !== undefined, {
    path: ['client_secret'],
    error: 'needs the issuer that it may be sent to',
  })
  .transform(({ client_id: clientId, client_secret: clientSecret, redirect_port: redirectPort, ...rest }) => {
    return { ...rest, clientId, clientSecret, redirectPort };
  });

const ServerFields = z.strictObject({
  type: z
    .enum(['stdio', 'http', 'streamable-http', 'streamableHttp', 'sse'])
    .optional()
    .describe('How to reach it. Default: `stdio` with a `command`, `http` with a `url`.'),
  command: z.string().min(1).optional().describe('Program to start; never given to a shell.'),
  args: z.array(z.string()).optional().describe('Arguments of the program.'),
  env: z.record(z.string(), z.string()).optional().describe('Environment variables of the program.'),
  cwd: z.string().min(1).optional().describe('Folder the program starts in. Default: the folder of this file.'),
  url: z
    .url({ protocol: /^https?$/, error: 'not an http or https URL' })
    .optional()
    .describe('Address of a server that is reached over HTTP.'),
  headers: z.record(z.string(), z.string()).optional().describe('Headers sent with every request to `url`.'),
  policy: ServerPolicy.prefault({}).describe('The policy bundle of this server.'),
  tools: z
    .strictObject({
      include: Texts.default(['*']).describe('Names or globs of the tools that are offered.'),
      exclude: Texts.default([]).describe('Names or globs of the tools that are not; stronger than `include`.'),
    })
    .prefault({})
    .describe('Which tools are offered at all.'),
  timeout: Duration.prefault('10m').describe('How long a call may go without a sign of life.'),
  instance: z
    .enum(['session', 'principal', 'gateway'])
    .optional()
    .describe('Who shares a connection. Default: `session` for programs, `principal` for addresses.'),
  region: z.string().default('').describe('Where the server keeps data, for policies to read.'),
  trust: z.string().default('').describe('How far it is trusted, in your own words, for policies to read.'),
  allow: z
    .strictObject({
      sampling: z.boolean().default(false).describe('Whether it may ask the client’s model; each question is decided.'),
      elicitation: z.boolean().default(false).describe('Whether it may ask the user; each question is decided.'),
      roots: z
        .boolean()
        .default(false)
        .describe('Whether it may ask for the client’s folders; each question is decided.'),
    })
    .prefault({})
    .describe('Requests that the server may make.'),
  unknownArguments: z
    .enum(['deny', 'allow'])
    .optional()
    .describe(
      'Arguments that the tool’s schema does not name. Default: denied where the schema is closed or a bundle governs the server.',
    ),
  credentials: Credentials.optional().describe(
    'How users sign in to a server with a `url` through the gateway, where it has to be told. See docs/sign-in.md.',
  ),
});

/** A block as any client has it, with our keys beside the standard ones. */
export const McpServer = ServerFields.superRefine(checkTransport).transform((server) => {
  const {
    type: _type,
    command: _command,
    args: _args,
    env: _env,
    cwd: _cwd,
    url: _url,
    headers: _headers,
    ...own
  } = server;
  const transport = transportOf(server);
  const instance = server.instance ?? (transport.kind === 'stdio' ? 'session' : 'principal');
  return { ...own, transport, instance };
});

/** Where a bundle lies that nobody finds by himself. */
export const BundlePlace = z
  .string()
  .min(1)
  .refine((source) => source !== 'auto' && source !== 'none', 'names no place; write the path of the bundle')
  .transform(parseSource);

function parseSource(text: string, context: z.RefinementCtx): PolicySource {
  if (text === 'auto' || text === 'none') return { kind: text };
  if (!isAddress(text)) return { kind: 'path', path: text };
  const read = readBundleAddress(text);
  if (read.kind === 'ok') return { kind: 'remote', address: read.address };
  context.addIssue({ code: 'custom', message: read.why });
  return z.NEVER;
}

type ServerFields = z.output<typeof ServerFields>;

function checkTransport(server: ServerFields, context: z.RefinementCtx): void {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
  const { type, command, url } = server;
  if (command === undefined && url === undefined) {
    context.addIssue({ code: 'custom', path: [], message: 'needs a command to start or a url to reach' });
    return;
  }
  if (command !== undefined && url !== undefined) refuse('url', 'stands beside command; a server has one of them');
  else if (command !== undefined) refuseKeysOfUrl(server, refuse);
  else refuseKeysOfCommand(server, refuse);
  if (command !== undefined && type !== undefined && type !== 'stdio')
    refuse('type', `"${type}" needs a url, not a command`);
  if (command === undefined && type === 'stdio') refuse('type', '"stdio" needs a command, not a url');
}

function refuseKeysOfUrl(server: ServerFields, refuse: (path: string, message: string) => void): void {
  for (const key of ['headers', 'credentials'] as const) {
    if (server[key] !== undefined) refuse(key, 'belongs to a server with a url; this one has a command');
  }
}

function refuseKeysOfCommand(server: ServerFields, refuse: (path: string, message: string) => void): void {
  for (const key of ['args', 'env', 'cwd'] as const) {
    if (server[key] !== undefined) refuse(key, 'belongs to a server with a command; this one has a url');
  }
  const hasKey = Object.keys(server.headers ?? {}).some((name) => name.toLowerCase() === 'authorization');
  if (hasKey && server.credentials !== undefined) refuse('credentials', 'stands beside an authorization header');
}

function transportOf(server: ServerFields): Transport {
  if (server.url !== undefined) {
    return { kind: server.type === 'sse' ? 'sse' : 'http', url: server.url, headers: server.headers ?? {} };
  }
  const { command = '', args = [], env = {}, cwd = '.' } = server;
  return { kind: 'stdio', command, args, env, cwd };
}
