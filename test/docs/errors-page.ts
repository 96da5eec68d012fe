import { EXIT, EXIT_BY_CODE } from '../../src/cli/exit.ts';
import { ERRORS, type ErrorCode } from '../../src/core/errors.ts';

const EXITS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done; nothing wrong was found',
  failed: 'the command failed',
  usage: 'the command was called with arguments that it does not take',
  findings:
    'something wrong was found: a bad configuration, a failing policy test, a broken log, more changed decisions than `--fail-on` lets through',
  signInNeeded: 'somebody has to sign in, or show that they may do this',
  unreachable: 'a server or a source of bundles could not be reached',
  refused: 'refused: by the decision, or because this person may not do it',
  interrupted: 'interrupted with Ctrl-C',
};

/** What the person does about it. The error itself says it for the case at hand, behind `help:`. */
const MENDS: Readonly<Record<ErrorCode, string>> = {
  CONFIG_INVALID: 'Each problem has its line and what is meant. `mcp-gateway config validate` shows them all.',
  CONFIG_NOT_FOUND: 'Name the file with `--config`, or write one where it was looked for.',
  LOCK_INVALID:
    'Take `mcp-gateway.lock` back from version control, or accept the servers anew with `mcp-gateway server approve`.',
  NOT_BUILT: 'Take the setting out; this version does not have what it asks for.',
  BUNDLE_UNREADABLE: 'See that the path or address is right and can be read by the user who runs the gateway.',
  BUNDLE_INVALID: '`mcp-gateway bundle check DIR` says what is wrong, with its line.',
  BUNDLE_SIGNATURE:
    '`mcp-gateway bundle verify` says whose signature is missing. Have the bundle signed; do not take the signer out.',
  BUNDLE_STALE:
    'See whether the source can be reached: `mcp-gateway policy pull`. `maxAge` says how old a bundle may become.',
  TOOLCHAIN_FAILED: 'Try once more; if memory is short, give the machine more. If it comes again, report it.',
  POLICY_FAILED:
    'Go back with `mcp-gateway policy rollback`, then look at the bundle with `mcp-gateway bundle check DIR`.',
  STORE_UNAVAILABLE:
    'See whether the disk is full or read-only, and whether the folder belongs to the user who runs the gateway.',
  STORE_NEWER: 'Run the newer version again, or use another `decisions.store.path`. There is no way back for a store.',
  SECRETS_UNAVAILABLE:
    '`mcp-gateway secret check` says what is wrong. Put `secrets.json` and `secrets.key` back from the backup, or set the secret anew with `mcp-gateway secret set NAME`.',
  CHAIN_KEY: 'Put the key back from the backup and make it readable for its owner alone (`chmod 600`).',
  AUDIT_KEY: 'Put the key back from the backup. Without it the material stays closed; the decisions can still be read.',
  UPSTREAM_UNAVAILABLE:
    '`mcp-gateway server logs ID` has its last words; `mcp-gateway server test ID` starts it once by itself.',
  UPSTREAM_CLOSED: '`mcp-gateway server logs ID` says why it ended. The next call starts it again.',
  UPSTREAM_TIMEOUT: 'Ask again, or raise `mcpServers.<id>.timeout`.',
  UPSTREAM_PROTOCOL:
    'The server is broken or is no MCP server; a program that prints to stdout is the usual cause. See `mcp-gateway server logs ID`.',
  SIGN_IN_REQUIRED: '`mcp-gateway server login ID`.',
  CLIENT_GONE: 'Nothing: the client has left.',
  CANCELLED: 'Nothing: the client cancelled.',
  LISTEN_FAILED: 'Take another port, or end what holds this one.',
  UNSAFE_BINDING: 'Set up `gateway.auth` first ([authentication](../authentication.md)), or listen on 127.0.0.1.',
  NAME_COLLISION: 'Let `gateway.toolNames` be `prefixed`.',
  LABEL_NOT_FOUND: '`mcp-gateway label ls` shows what there is.',
  APPROVER_NEEDED: 'Run the command in a terminal, or set `MCP_GATEWAY_APPROVER_KEY`.',
  NOT_AN_APPROVER: 'Ask somebody of the group that is named; `approvals.groups` says who that is.',
  APPROVAL_CLOSED: 'Nothing: it was answered, used, or its time is over. The next identical call asks anew.',
  KEY_NOT_FOUND: '`mcp-gateway key ls` shows what there is.',
  RECORD_NOT_FOUND: '`mcp-gateway decision ls` shows what there is. A record may be older than `decisions.retain`.',
  BELOW_FLOOR: 'Choose a newer revision: the bundle’s `floor` forbids older ones.',
  USAGE: 'Run the command with `--help`.',
};

const HEAD = `# Exit codes and errors

<!-- Generated from src/cli/exit.ts and src/core/errors.ts. Do not edit. -->

A command that fails writes \`error CODE\`, what happened to which thing, and behind \`help:\` what to do, to stderr. The codes
and the exit codes do not change; the words may.

## Exit codes

| Exit code | What it means |
|---|---|`;

/** docs/reference/errors.md, whole. */
export function errorsPage(): string {
  const exits = Object.entries(EXIT).map(([name, code]) => `| ${code} | ${EXITS[name as keyof typeof EXIT]} |`);
  const errors = Object.entries(ERRORS).map(([name, meaning]) => {
    const code = name as ErrorCode;
    return `| \`${code}\` | ${meaning} | ${MENDS[code]} | ${EXIT_BY_CODE[code] ?? EXIT.failed} |`;
  });
  const table = ['| Error | What happened | What to do | Exit code |', '|---|---|---|---|'];
  return `${[HEAD, ...exits, '', '## Errors', '', ...table, ...errors].join('\n')}\n`;
}

/** Codes that the program has and this page does not mend. */
export function unmendedErrors(): readonly string[] {
  return Object.keys(ERRORS).filter((code) => MENDS[code as ErrorCode] === undefined);
}
