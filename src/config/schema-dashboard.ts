import * as z from 'zod';
import { IssuerUrl, PublicUrl, Scope, Texts } from './schema-values.ts';

const Oidc = z.strictObject({
  issuer: IssuerUrl.optional().describe('Issuer of the provider. Default: that of `gateway.auth.oidc`.'),
  clientId: z.string().min(1).describe('What the provider calls the dashboard.'),
  clientSecret: z
    .string()
    .min(1)
    .optional()
    .describe('Secret of the client, as `${file:client.secret}`; a public client has none and is protected by PKCE.'),
  scopes: z.array(Scope).default(['profile']).describe('Scopes to ask for beside `openid`.'),
  claims: z
    .strictObject({
      user: z
        .string()
        .optional()
        .describe('Claim with the id of the user. Default: as in `gateway.auth.oidc`, else `sub`.'),
      groups: z
        .string()
        .optional()
        .describe('Claim with the groups of the user. Default: as in `gateway.auth.oidc`, else `groups`.'),
    })
    .prefault({})
    .describe('Which claims of the ID token say who has signed in.'),
});

const Rights = z.strictObject({
  read: Texts.default([]).describe('Groups that may look at everything; `*` is whoever signs in.'),
  approve: Texts.default([]).describe(
    'Groups that may answer approvals, each person those that `by` names them for; they may look, too.',
  ),
  change: Texts.default([]).describe('Groups that may accept servers and change policies; they may look, too.'),
});

export const Dashboard = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Whether `serve` shows the dashboard, in the process that gets its port.'),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. One that other hosts can reach needs `oidc`.'),
  port: z.int().min(0).max(65_535).default(3701).describe('Port to listen on; 0 takes a free one.'),
  publicUrl: PublicUrl.optional().describe(
    'Where browsers reach it, if it is not where it listens, such as `https://gateway.example.com` behind a proxy. It has no path.',
  ),
  oidc: Oidc.optional().describe(
    'Sign-in at a provider of OpenID Connect. Default: by the links of `dashboard open` alone.',
  ),
  rights: Rights.prefault({}).describe(
    'What whoever signs in at the provider may do. A link of `dashboard open`, made in a terminal, has all rights.',
  ),
});
