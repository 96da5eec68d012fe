/** Where the process tells its operator what happens. Never stdout: in stdio mode that belongs to JSON-RPC. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Facts beside the message. No secret and no tool argument may stand here. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
