import * as z from 'zod';
import { REMOTE_SETTINGS } from './schema-remote.ts';
import { SIGNER_SETTING } from './schema-signer.ts';
import { BundlePlace } from './schema-servers.ts';
import { AgentIdText, Duration, IssuerUrl, PeerUrl, PublicUrl, Scope, Size, Texts, UrlPath } from './schema-values.ts';

const Limits = z.strictObject({
  messageBytes: Size.prefault('4MB').describe('Largest message that a client may send.'),
  resultBytes: Size.prefault('16MB').describe('Largest message that an upstream may answer.'),
  depth: z.int().min(4).max(256).default(64).describe('Deepest nesting of a message.'),
  keys: z.int().min(100).max(1_000_000).default(10_000).describe('Keys of all objects of a message together.'),
  stringBytes: Size.prefault('4MB').describe('Longest text in a message of a client.'),
  inFlight: z.int().min(1).max(10_000).default(128).describe('Requests of one session that may run at once.'),
  waiting: z
    .int()
    .min(0)
    .max(100_000)
    .default(1024)
    .describe('Requests of one agent and user that may wait for those to end; more are refused.'),
  heldBytes: Size.prefault('64MB').describe('Requests of one agent and user that are not answered yet, by their size.'),
  sessions: z.int().min(1).max(100_000).default(1000).describe('Sessions over HTTP at one time.'),
  connections: z.int().min(1).max(100_000).default(4096).describe('Connections over HTTP at one time, idle ones too.'),
  headerBytes: Size.prefault('16KB').describe('Largest head of an HTTP request: its address and all its headers.'),
  sendTime: Duration.refine((ms) => ms >= 500, 'must be at least 500ms')
    .prefault('60s')
    .describe('How long a client may take to send an HTTP request to its end.'),
});

/** What `serve --http` uses where the file has no `http` of its own: `HttpTransport.parse({})`. */
export const HttpTransport = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. One that other hosts can reach needs `gateway.auth`.'),
  port: z.int().min(0).max(65_535).default(3700).describe('Port to listen on; 0 takes a free one.'),
  path: UrlPath.default('/mcp').describe('Path of the Streamable HTTP endpoint.'),
  allowedHosts: Texts.default([]).describe('Names accepted in the Host header beside those of the loopback address.'),
  publicUrl: PublicUrl.optional().describe(
    'Where clients reach `path`, if it is not where the gateway listens, such as `https://gateway.example.com/mcp` behind a proxy. Its host is accepted in the Host header, and tokens are asked for in its name.',
  ),
  peerUrl: PeerUrl.optional().describe(
    'Where the other gateways of the same store reach this one, such as `http://10.0.0.5:3700` (docs/postgresql.md). They hand requests over to it, with the credentials in them. Default: where it listens, or the first address of the machine where it listens on all.',
  ),
});

/** What `serve --sse` uses where the file has no `sse` of its own. */
export const SseTransport = z.strictObject({
  path: UrlPath.default('/sse').describe('Path of the event stream for clients of the 2024-11-05 revision.'),
});

const Transports = z.strictObject({
  stdio: z.boolean().default(true).describe('Whether `serve` may speak over standard input and output.'),
  http: z
    .union([z.literal(false), HttpTransport])
    .default(false)
    .describe('Streamable HTTP; `{}` for the defaults.'),
  sse: z
    .union([z.literal(false), SseTransport])
    .default(false)
    .describe('The older HTTP+SSE, on the listener of `http`; `{}` for the defaults.'),
});

const Auth = z.strictObject({
  oidc: z
    .strictObject({
      issuer: IssuerUrl.describe('Issuer of the tokens, exactly as they name it in `iss`.'),
      audience: z.string().min(1).describe('Audience that a token must name in `aud`.'),
      requiredScopes: z.array(Scope).default([]).describe('Scopes without which no token is let in.'),
      scopes: z
        .array(Scope)
        .default([])
        .describe('Scopes that a policy may ask for: what it asks for beyond them stays a denial.'),
      claims: z
        .strictObject({
          user: z.string().optional().describe('Claim with the id of the user. Default: `sub`.'),
          groups: z.string().optional().describe('Claim with the groups of the user. Default: `groups`.'),
          agent: z
            .string()
            .optional()
            .describe('Claim with the id of the agent, where no `act` names it. Default: `client_id`, else `azp`.'),
          data_classes: z.string().optional().describe('Claim with the data classes the user may see. Default: none.'),
        })
        .optional()
        .describe('Which claims say who asks.'),
    })
    .optional()
    .describe('Tokens of an OpenID Connect provider or OAuth authorization server that are JSON Web Tokens.'),
  apiKeys: z.boolean().default(false).describe('Whether keys made by `key create --role agent` are accepted.'),
});

const PrincipalSettings = z.strictObject({
  agent: z
    .strictObject({
      id: AgentIdText.optional().describe('Which agent asks. Default: the name that the client gives.'),
      scope: z.string().default('').describe('Scope of the agent, for policies to read.'),
      owner_team: z.string().default('').describe('Team that answers for the agent.'),
      model: z.string().default('').describe('Model the agent runs on.'),
    })
    .prefault({})
    .describe('The agent, where it is not told apart by configuration under `agents`.'),
  user: z
    .strictObject({
      id: z
        .string()
        .min(1)
        .optional()
        .describe('Which user the agent acts for. Default: the user of the operating system.'),
      groups: Texts.default([]).describe('Groups of the user.'),
      data_classes: Texts.default([]).describe('Data classes the user may see.'),
    })
    .prefault({})
    .describe('The user.'),
});

const Environment = z.strictObject({
  region: z.string().default('').describe('Where the gateway runs, such as `eu-central-1`.'),
  is_production: z.boolean().default(false).describe('Whether real data and customers are behind it.'),
  labels: z.record(z.string(), z.string()).default({}).describe('Further facts for policies to read.'),
});

const Methods = z.strictObject({
  allow: z
    .array(z.string().regex(/^([a-z0-9][a-z0-9-]{0,19}:)?[\w$/.-]+$/, 'not <method> or <server>:<method>'))
    .default([])
    .describe(
      'Methods unknown to the gateway that are let through, recorded but read by no policy: `<server>:<method>`, or `<method>` where there is one server. All their parameters pass.',
    ),
  params: z
    .array(z.string().regex(/^[\w$/-]+\.[\w$-]+$/, 'not <method>.<member>, such as tools/call.priority'))
    .default([])
    .describe(
      'Parameters unknown to the protocol that are passed on although no policy reads them, as `<method>.<member>`; others are dropped.',
    ),
});

export const Gateway = z.strictObject({
  name: z.string().min(1).max(64).default('mcp-gateway').describe('Name shown to clients and to policies.'),
  toolNames: z
    .enum(['auto', 'prefixed', 'plain'])
    .default('auto')
    .describe(
      'How tools and prompts are called: `prefixed` as `<server>__<name>`, `plain` as they are, `auto` plain with one server.',
    ),
  startWait: Duration.prefault('3s').describe('How long a first list waits for servers of which nothing is known yet.'),
  limits: Limits.prefault({}).describe('Limits on messages.'),
  transports: Transports.prefault({}).describe('How clients reach the gateway.'),
  auth: Auth.optional().describe(
    'Who may use the gateway over HTTP (docs/authentication.md). Default: whoever reaches it.',
  ),
  principal: PrincipalSettings.prefault({}).describe('Who asks, where nothing better says so.'),
  environment: Environment.prefault({}).describe('Facts about where the gateway runs, for policies to read.'),
  methods: Methods.prefault({}).describe('Exceptions for methods and parameters.'),
});

export const AgentSettings = z.strictObject({
  scope: z.string().default('').describe('Scope of the agent, for policies to read.'),
  servers: Texts.optional().describe('Ids of the servers it may reach; `*` is all. Default: all.'),
  tools: z
    .array(z.string().regex(/^(\*|[a-z0-9][a-z0-9-]{0,19})\/.+$/, 'not <server>/<tool>; * may stand for either'))
    .optional()
    .describe('Tools it may call, as `<server>/<tool>`; `*` may stand for either. Default: all.'),
  owner_team: z.string().default('').describe('Team that answers for the agent.'),
  model: z.string().default('').describe('Model the agent runs on.'),
  parent: AgentIdText.optional().describe(
    'Agent on whose behalf it asks: it reaches at most what that one reaches, and so on upwards.',
  ),
  policy: z
    .strictObject({
      source: BundlePlace.describe('Path of the bundle, a folder or a .tar.gz, or an address (docs/sources.md).'),
      ...REMOTE_SETTINGS,
      ...SIGNER_SETTING,
    })
    .optional()
    .describe(
      'A bundle of layer identity for this agent alone, called `agent-<id>`. The id is then one of lower-case letters, digits and hyphens.',
    ),
});
