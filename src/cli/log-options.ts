/** From the one that tells most. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** `json` is for programs: an object in a line. `text` is for people: time, level, message and what stands beside it. */
export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
