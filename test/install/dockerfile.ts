import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** One stage: its instructions in their order, without the `FROM` that opens it. */
export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

/** Reads a Dockerfile as far as ours goes: no escapes but a backslash at the end of a line, no heredocs. */
export function readStages(path: string): readonly Stage[] {
  const lines = readFileSync(path, 'utf8')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const instructions = lines.map((line) => {
    const [, name = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return { name, text };
  });
  const starts = instructions.flatMap(({ name }, place) => (name === 'FROM' ? [place] : []));
  return starts.map((start, index) => {
    const [image = '', , name = ''] = (instructions[start]?.text ?? '').split(/\s+/);
    return { name, image, instructions: instructions.slice(start + 1, starts[index + 1]) };
  });
}

export interface Copy {
  /** The stage that it copies from; the folder that the image is built in where there is none. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
  readonly workingFolder: string;
}

export function copiesOf({ instructions }: Stage): readonly Copy[] {
  let workingFolder = '/';
  return instructions.flatMap(({ name, text }) => {
    if (name === 'WORKDIR') workingFolder = text;
    if (name !== 'COPY') return [];
    const words = text.split(/\s+/);
    const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    const paths = words.filter((word) => !word.startsWith('--'));
    return [{ from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '', workingFolder }];
  });
}

/** Copies as Docker does: of a folder what is in it, of a file the file, into the target or as it. */
export function carryOut({ sources, target, workingFolder }: Copy, from: string, root: string): void {
  for (const source of sources) {
    const isInto = target.endsWith('/') || target === '.';
    const place = join(root, resolve(workingFolder, target), isInto ? basename(source) : '');
    mkdirSync(join(place, '..'), { recursive: true });
    cpSync(join(from, source), place, { recursive: true, verbatimSymlinks: true });
  }
}
