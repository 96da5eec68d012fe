import { sha256Hex } from '../core/canonical-json.ts';
import { httpGet, type HttpAnswer } from './http-get.ts';
import {
  ANSWER_MS,
  MAX_DOWNLOAD_BYTES,
  type Question,
  type Source,
  type SourceAnswer,
  SourceProblem,
} from './source.ts';

const LONG_POLLING_TYPE = 'application/vnd.openpolicyagent.bundles';
/** What servers call a `.tar.gz`. Some say nothing. */
const ARCHIVE_TYPES: ReadonlySet<string> = new Set([
  '',
  LONG_POLLING_TYPE,
  'application/gzip',
  'application/x-gzip',
  'application/octet-stream',
  'binary/octet-stream',
  'application/x-tar',
  'application/x-gtar',
  'application/x-tgz',
  'application/tar+gzip',
  'application/x-compressed-tar',
]);

/**
 * A bundle service in OPA's protocol: ETag, and long polling where it answers with that media type. A plain file server is
 * one, too. Source: OPA, "Bundles", section "Bundle Service API".
 */
export function httpSource(address: string, authorization: string): Source {
  const url = new URL(address);
  return {
    ask: async (question) => {
      const answer = await httpGet(url, {
        method: 'GET',
        headers: headersOf(question),
        authorization,
        maxBytes: MAX_DOWNLOAD_BYTES,
        timeoutMs: question.waitMs + ANSWER_MS,
        signal: question.signal,
      });
      return answerOf(answer, question);
    },
  };
}

function headersOf({ known, waitMs }: Question): Readonly<Record<string, string>> {
  const wait = waitMs === 0 ? '' : `;wait=${Math.ceil(waitMs / 1000)}`;
  return { prefer: `modes=snapshot${wait}`, ...(isEntityTag(known) ? { 'if-none-match': known } : {}) };
}

function answerOf(answer: HttpAnswer, { known, waitMs }: Question): SourceAnswer {
  const { status, headers, mediaType, body } = answer;
  // With 304 many servers leave the media type out: one that held the question can.
  if (status === 304 && isEntityTag(known))
    return { kind: 'same', canWait: mediaType === LONG_POLLING_TYPE || (mediaType === '' && waitMs > 0) };
  refuseStatus(status);
  refuseMediaType(mediaType);
  const canWait = mediaType === LONG_POLLING_TYPE;
  const revision = headers.etag ?? `sha256:${sha256Hex(body)}`;
  if (revision === known) return { kind: 'same', canWait };
  return { kind: 'new', canWait, revision, content: { kind: 'archive', bytes: body } };
}

/** RFC 9110 §8.8.3. */
function isEntityTag(revision: string): boolean {
  return /^(W\/)?"/.test(revision);
}

function refuseStatus(status: number): void {
  if (status === 200) return;
  if (status === 401 || status === 403)
    throw new SourceProblem(`it refuses the credentials (${status})`, 'Set `credentials` beside `source`.');
  if (status === 404 || status === 410)
    throw new SourceProblem(
      `there is nothing at this address (${status})`,
      'Check the address, and what was published.',
    );
  throw new SourceProblem(`it answers with status ${status}`, 'Look at the service itself.');
}

function refuseMediaType(mediaType: string): void {
  if (ARCHIVE_TYPES.has(mediaType)) return;
  const what =
    mediaType === 'text/html' ? 'with a web page' : `with the media type ${JSON.stringify(mediaType.slice(0, 80))}`;
  throw new SourceProblem(
    `it answers ${what}, not with an archive`,
    'Name the .tar.gz itself; a page to sign in at, or a proxy, may stand before it.',
  );
}
