import type { JsonOutput } from './json-outputs.ts';

/** As `JSON_OUTPUTS`, of commands about policies, bundles and the configuration. */
export const POLICY_JSON_OUTPUTS: Readonly<Record<string, JsonOutput>> = {
  'bundle-build': {
    command: 'bundle build',
    members: {
      path: 'of the bundle',
      out: 'the archive',
      digest: 'SHA-256 of the bundle',
      bytes: 'of the archive',
      files: 'in it',
      findings: 'errors and warnings',
    },
  },
  'bundle-check': {
    command: 'bundle check',
    members: {
      path: 'of the bundle',
      warnings: 'how many',
      findings: 'each with code, severity, file, row and message',
    },
  },
  'bundle-doc': {
    command: 'bundle doc',
    members: {
      path: 'of the bundle',
      format: 'of the page',
      text: 'the page, where no file was named',
      out: 'the file that was named',
      rules: 'how many the page tells of',
    },
  },
  'bundle-fmt': {
    command: 'bundle fmt',
    members: { path: 'of the bundle', changed: 'files that are not formatted', written: 'whether they are now' },
  },
  'bundle-init': {
    command: 'bundle init',
    members: {
      path: 'of the folder',
      server: 'its id',
      package: 'of the server',
      version: 'of the package',
      tools: 'how many of each effect',
      files: 'that were written',
    },
  },
  'bundle-inspect': { command: 'bundle inspect', members: { path: 'of the bundle' } },
  'bundle-sign': {
    command: 'bundle sign',
    members: {
      path: 'of the bundle',
      digest: 'SHA-256',
      signer: 'its name',
      algorithm: 'as in the token',
      kid: 'of the key',
      scope: 'as in the token',
      starts: 'from when on it counts; null is at once',
      ends: 'when it ends; null is never',
      signatures: 'how many there are',
    },
  },
  'bundle-test': { command: 'bundle test', members: { path: 'of the bundle', findings: 'what failed' } },
  'bundle-vendor': { command: 'bundle vendor', members: { path: 'of the bundle', files: 'that were written' } },
  'bundle-verify': {
    command: 'bundle verify',
    members: {
      path: 'of the bundle',
      digest: 'SHA-256',
      signer: 'who has signed',
      problem: 'empty where it is good',
      signatures: 'each with its facts',
    },
  },
  'config-migrate': {
    command: 'config migrate',
    members: { path: 'of the file', version: 'of its format', isChanged: 'whether there was anything to rewrite' },
  },
  'config-migrate-store': {
    command: 'config migrate-store',
    members: {
      act: 'id of the act that says so in the new store',
      chain: 'of the log that was copied',
      copied: 'how many records this run has copied',
      before: 'how many were there already',
    },
  },
  'config-show': { command: 'config show', members: { path: 'of the file', config: 'with defaults, without secrets' } },
  'config-validate': {
    command: 'config validate',
    members: { path: 'of the file', servers: 'how many', bundles: 'how many of the organisation' },
  },
  'policy-diff': {
    command: 'policy diff',
    members: {
      from: 'one side',
      to: 'the other',
      bundles: 'those that are different',
      beside: 'what else is different, in words',
    },
  },
  'policy-explain': {
    command: 'policy explain',
    members: {
      term: 'what was asked',
      match: 'all, some or none',
      generation: 'that is in force',
      in_force_since: 'RFC 3339',
      decisions: 'that were looked at',
      unusable: 'bundles that deny all they govern',
      rules: 'those that speak of the term',
    },
  },
  'policy-generations': {
    command: 'policy generations',
    members: {
      generations: 'newest first, with what each changed and which running gateways decide by it',
      pins: 'bundles that were rolled back',
    },
  },
  'policy-ls': { command: 'policy ls', members: { bundles: 'as they are configured and at hand' } },
  'policy-matrix': {
    command: 'policy matrix',
    members: {
      time: 'of the calls',
      generation: 'now',
      candidate: 'of the candidate',
      principals: 'their names',
      tools: 'their names',
      cells: 'who may call what',
      changes: 'what the candidate changes',
      unsampled: 'tools without a sample',
    },
  },
  'policy-outdated': { command: 'policy outdated', members: { bundles: 'with the newest that their sources have' } },
  'policy-overrides': {
    command: 'policy overrides',
    members: {
      time: 'RFC 3339',
      overrides: 'permits with their state',
      silent_rules: 'rules of whose permits nothing is known',
      unusable: 'override bundles that deny',
    },
  },
  'policy-pull': { command: 'policy pull', members: { bundles: 'with what was fetched' } },
  'policy-replay': {
    command: 'policy replay',
    members: {
      candidates: 'what was tried',
      loop: 'open or closed',
      replayed: 'how many',
      recorded: 'reproduced and alarms',
      classes: 'how many of each',
      groups: 'of one class and rule each',
      exceeded: 'thresholds that were crossed',
    },
  },
  'policy-rollback': {
    command: 'policy rollback',
    members: { pinned: 'bundles that stay where they are', released: 'bundles that follow their source again' },
  },
  'policy-shadow': {
    command: 'policy shadow',
    members: {
      since: 'RFC 3339',
      shadow: 'what would be other, by bundle or rule',
      promoted: 'with --promote: what is enforced now',
    },
  },
  'policy-show': {
    command: 'policy show',
    members: {
      bundle: 'as in policy-ls',
      manifest: 'as written',
      rules: 'with titles',
      config: 'values that its rules read',
      counters: 'with limits',
    },
  },
  'policy-stats': {
    command: 'policy stats',
    members: { generation: 'that is in force', since: 'RFC 3339', unusable: 'bundles that deny' },
  },
  'policy-test': {
    command: 'policy test',
    members: {
      summary: 'counts',
      cases: 'each with its result',
      mutation: 'what no case would have noticed; null where not asked',
    },
  },
  'policy-verify': { command: 'policy verify', members: { bundles: 'with their signatures' } },
};
