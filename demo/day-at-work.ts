import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { styleText } from 'node:util';
import { ACTS } from './acts.ts';
import { Day, PLACE, PROGRAM } from './day.ts';

/** Plays a day of an agent at work against the repository's own configuration, with an official MCP client. */
async function playDay(): Promise<void> {
  rmSync(PLACE, { recursive: true, force: true });
  say('A day at Northwind: one gateway, four MCP servers, their authors’ policies and the organisation’s.\n');
  const day = await Day.begin(4);
  try {
    for (const [index, { title, play }] of ACTS.entries()) {
      say(`\n${index + 1}. ${title}`);
      await play(day);
    }
  } finally {
    await day.end();
  }
  readBack(day);
}

function readBack(day: Day): void {
  say('\nEvery decision was in SQLite before anything was forwarded:\n');
  day.run(['decision', 'ls', '--limit', '12']);
  say('\nAnd so was everything that people did:\n');
  day.run(['decision', 'ls', '--acts']);
  say('\nThe last denial in words, and the proof that the log is whole:\n');
  day.run(['explain']);
  day.run(['decision', 'verify']);
  say('\nNext: register the gateway in your client instead of its servers, for example');
  console.log(
    `   claude mcp add gw -- ${process.execPath} ${PROGRAM} serve --stdio --config ${resolve('mcp-gateway.yaml')}\n`,
  );
}

function say(text: string): void {
  console.log(styleText('bold', text));
}

await playDay();
