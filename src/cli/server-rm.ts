import { readFileSync } from 'node:fs';
import { accept, summaryOf } from '../app/unit.ts';
import { withoutServer } from '../config/edit-servers.ts';
import { replaceFile } from '../config/replace-file.ts';
import { GatewayError } from '../core/errors.ts';
import { lockedIn } from '../core/server-lock.ts';
import type { CommandContext } from './context.ts';
import { knownServer } from './server-sign-ins.ts';
import { confirmed, type UnitWork, unitWork } from './server-unit.ts';
import type { ServerOptions } from './server.ts';
import { printJson, printLine } from './terminal.ts';

export interface RemoveOptions extends ServerOptions {
  readonly yes?: boolean;
}

/** Takes a server out of the configuration and out of the lock. What it did stays in the log. */
export function remove(context: CommandContext, id: string, options: RemoveOptions): Promise<void> {
  const { terminal } = context;
  return unitWork(context, options, async (work) => {
    knownServer(work.config, id);
    const file = fileWith(id, work);
    if (options.yes !== true && !(await confirmed(context, `Remove ${id}?`, 'Add --yes to remove it.'))) {
      return printLine(terminal, 'Nothing was removed.');
    }
    const act = await accept(work, {
      id,
      next: () => undefined,
      definitions: {},
      act: { verb: 'server.rm', subject: id, before: summaryOf(lockedIn(work.lock, id)), after: null, reason: '' },
      alongside: () => removeFrom(file, id),
    });
    if (options.json === true) return printJson(terminal, 'server-rm', { server: id, file, act });
    return printLine(terminal, `Removed ${id}.`);
  });
}

/** It may stand in a file that the configuration includes. */
function fileWith(id: string, { loaded }: UnitWork): string {
  const found = loaded.files.find((path) => withoutServer(readFileSync(path, 'utf8'), id) !== undefined);
  if (found !== undefined) return found;
  throw new GatewayError('USAGE', `"${id}" stands in no file as an entry of its own`, { mend: 'Take it out by hand.' });
}

function removeFrom(file: string, id: string): void {
  const text = withoutServer(readFileSync(file, 'utf8'), id);
  if (text !== undefined) replaceFile(file, text);
}
