import { GatewayError, type ErrorCode, messageOf } from '../core/errors.ts';
import { printParagraph, visible, type Terminal } from './terminal.ts';

/** What a command's end says to a script. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  findings: 3,
  signInNeeded: 4,
  unreachable: 5,
  refused: 6,
  interrupted: 130,
} as const;

export const EXIT_BY_CODE: Partial<Record<ErrorCode, number>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.findings,
  LOCK_INVALID: EXIT.findings,
  BUNDLE_INVALID: EXIT.findings,
  BUNDLE_SIGNATURE: EXIT.findings,
  SIGN_IN_REQUIRED: EXIT.signInNeeded,
  UPSTREAM_UNAVAILABLE: EXIT.unreachable,
  UPSTREAM_CLOSED: EXIT.unreachable,
  APPROVER_NEEDED: EXIT.signInNeeded,
  NOT_AN_APPROVER: EXIT.refused,
  BELOW_FLOOR: EXIT.refused,
  UNSAFE_BINDING: EXIT.refused,
  CANCELLED: EXIT.interrupted,
};

/** Says on stderr what happened to which thing and how to mend it; returns the exit code. */
export function printError(terminal: Terminal, thrown: unknown): number {
  if (!(thrown instanceof GatewayError)) {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown);
    terminal.err.write(`error ${text.split('\n').map(visible).join('\n')}\n`);
    return EXIT.failed;
  }
  const lines = thrown.message.split('\n').map(visible);
  // What has several lines has its own shape, such as a place in a file.
  const [first = ''] = lines;
  printParagraph(terminal, `error ${thrown.code} `, lines.length === 1 ? first : lines.join('\n'));
  if (thrown.mend !== undefined) printParagraph(terminal, '  = help: ', visible(thrown.mend));
  return EXIT_BY_CODE[thrown.code] ?? EXIT.failed;
}
