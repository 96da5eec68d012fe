import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { GatewayError } from '../../src/core/errors.ts';

/** Errors of a configuration with these settings under `gateway`, else its warnings. */
function about(gateway: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  const path = join(folder, 'mcp-gateway.yaml');
  writeFileSync(path, `version: 1\nmcpServers: {}\ngateway: ${gateway}\n`);
  try {
    return loadConfig({ path, environment: {}, workingFolder: folder, home: folder, userHome: folder }).warnings;
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown.message;
    throw thrown;
  }
}

describe('who is let in over HTTP', () => {
  const OIDC = 'oidc: { issuer: "https://id.example.com", audience: a }';
  const KEYS = 'auth: { apiKeys: true }';

  it.each([
    `{ auth: { ${OIDC} } }`,
    `{ auth: { oidc: { issuer: "http://127.0.0.1:8080/realms/x", audience: a } } }`,
    `{ ${KEYS}, transports: { http: { host: 0.0.0.0, allowedHosts: [gateway] } } }`,
    `{ ${KEYS}, transports: { http: { host: "::", publicUrl: "https://gateway.example.com/mcp" } } }`,
  ])('is said by %s', (gateway) => {
    expect(about(gateway)).toBe('');
  });

  it.each([
    ['{ auth: {} }', /E_CONFLICT gateway\.auth: lets nobody in/],
    [`{ ${KEYS}, transports: { http: { host: 0.0.0.0 } } }`, /W_WITHOUT_EFFECT .* by no name that is accepted/],
    ['{ auth: { oidc: { issuer: "http://id.example.com", audience: a } } }', /must be https; http on loopback only/],
    ['{ auth: { oidc: { issuer: "https://id.example.com?x", audience: a } } }', /not a URL without query/],
    ['{ auth: { oidc: { issuer: "https://u:p@id.example.com", audience: a } } }', /not a URL without query/],
    [`{ auth: { ${OIDC.replace(' }', ', scopes: ["a b"] }')} } }`, /not a scope/],
    [`{ ${KEYS}, transports: { http: { publicUrl: "ftp://gateway" } } }`, /not a URL without query/],
  ])('is not said by %s', (gateway, problem) => {
    expect(about(gateway)).toMatch(problem);
  });
});
