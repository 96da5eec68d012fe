/**
 * Credentials for one server on behalf of one principal. Both roads over HTTP ask it for the headers of each request, and
 * tell it when a server refuses them.
 */
export interface Authorizer {
  /**
   * Headers that carry the credentials; none where there are none yet. Called for each request, so it is cheap; where a
   * token has to be renewed first it rejects like `challenged`, or with UPSTREAM_UNAVAILABLE.
   */
  headers(): Promise<CredentialHeaders>;
  /**
   * Asked after a 401 or 403: `retry` when new credentials are there, and then the request is sent once more. Rejects
   * with SIGN_IN_REQUIRED when only the user can go on.
   */
  challenged(response: Challenge): Promise<'retry'>;
}

/** Names in lower case. */
export type CredentialHeaders = Readonly<Record<string, string>>;

export interface Challenge {
  readonly status: number;
  /** The header of that name, RFC 9110 §11.6.1. */
  readonly wwwAuthenticate: string | undefined;
  /** What `headers` gave for the request that was refused: by now others may be there. */
  readonly sent: CredentialHeaders;
}
