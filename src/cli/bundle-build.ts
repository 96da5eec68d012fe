import { resolve } from 'node:path';
import { lintBundle } from '../app/authoring.ts';
import { replaceFile } from '../config/replace-file.ts';
import { shortHash } from '../core/generation.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { readArchive } from '../policy/archive.ts';
import { makeBundle } from '../policy/bundle.ts';
import { writeArchive } from '../policy/write-archive.ts';
import { textsOf } from './bundle-check.ts';
import { readNamed, withLoader } from './bundle-loader.ts';
import { announced, COMPILING } from './progress.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { printFindings } from './finding-formats.ts';
import { printJson, printLine } from './terminal.ts';

export interface BuildOptions {
  readonly out: string;
  readonly json?: boolean;
}

/** Packs a bundle that passes `bundle check`; what the lint warns of is shown and packed all the same. */
export async function build(context: CommandContext, path: string, { out, json }: BuildOptions): Promise<void> {
  const { terminal, environment } = context;
  const files = await readNamed(context, path);
  const { bundle, findings } = await announced(
    context.terminal,
    COMPILING,
    withLoader(context, (loader) => lintBundle(files, loader)),
  );
  const told = findings.filter(({ severity }) => severity !== 'note');
  const hasErrors = told.some(({ severity }) => severity === 'error');
  const shown = { path, findings: told, textOf: textsOf(files), about: new Map<string, string>() };
  printFindings({ ...terminal, out: terminal.err }, shown);
  if (hasErrors) {
    context.setExit(EXIT.findings);
    if (json === true) return printJson(terminal, 'bundle-build', { ok: false, path, findings: told });
    return printLine({ ...terminal, out: terminal.err }, `error BUNDLE_INVALID ${path} is not packed`);
  }
  const archive = writeArchive(files.files);
  await refuseOther(archive, bundle.digest);
  write(resolve(environment.workingFolder, out), archive);
  const { digest } = bundle;
  if (json === true)
    return printJson(terminal, 'bundle-build', {
      path,
      out,
      digest,
      bytes: archive.length,
      files: [...files.files.keys()],
      findings: told,
    });
  return printLine(terminal, `${out}: ${archive.length} bytes, ${files.files.size} files, ${shortHash(digest)}`);
}

/** Reads the archive as a gateway does. */
async function refuseOther(archive: Buffer, digest: string): Promise<void> {
  const read = makeBundle('packed', { source: 'the archive', files: await readArchive(archive) });
  if (read.digest !== digest) throw new GatewayError('BUNDLE_INVALID', 'the packed bundle is another than the folder');
}

function write(file: string, archive: Buffer): void {
  try {
    replaceFile(file, archive);
  } catch (cause) {
    throw new GatewayError('USAGE', `${file} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
