import type { Command } from 'commander';
import type * as Config from './config.ts';
import type { SchemaOption, ShowOption } from './config.ts';
import type { MigrateOptions } from './config-migrate.ts';
import type { MigrateStoreOptions } from './config-migrate-store.ts';
import type { CommandContext } from './context.ts';

const load = (): Promise<typeof Config> => import('./config.ts');

export function addConfigCommands(program: Command, context: CommandContext): void {
  const config = program.command('config').description('look at the configuration');
  config
    .command('validate')
    .description('say everything that is wrong with the configuration, with its place')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway config validate --config mcp-gateway.yaml')
    .action(async (options: ShowOption) => (await load()).validate(context, options));
  config
    .command('show')
    .description('print the configuration as the gateway understands it, without secrets')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway config show')
    .action(async (options: ShowOption) => (await load()).show(context, options));
  config
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .option('-o, --out <file>', 'write it to a file')
    .addHelpText('after', '\nExample:\n  mcp-gateway config schema --out mcp-gateway.schema.json')
    .action(async (options: SchemaOption) => (await load()).schema(context, options));
  config
    .command('migrate')
    .argument('[file]', 'a configuration, or the file of a client; without it the configuration that is in use')
    .description('bring a configuration to the newest version, or make one of the file of a client')
    .option('-c, --config <file>', 'the configuration file')
    .option('--from <client>', 'whose file it is, where it does not say so itself')
    .option('-o, --out <file>', 'write it to a file that is not there yet, and keep its secrets as such')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway config migrate .vscode/mcp.json --out mcp-gateway.yaml')
    .action(async (file: string | undefined, options: MigrateOptions) =>
      (await import('./config-migrate.ts')).migrate(context, file, options),
    );
  config
    .command('migrate-store')
    .description('copy the decisions and all else of a SQLite file into the PostgreSQL of the configuration')
    .option('-c, --config <file>', 'the configuration file')
    .option('--from <file>', 'the database file; default: decisions.db in MCP_GATEWAY_HOME')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway config migrate-store --from ~/.mcp-gateway/decisions.db')
    .action(async (options: MigrateStoreOptions) =>
      (await import('./config-migrate-store.ts')).migrateStore(context, options),
    );
}
