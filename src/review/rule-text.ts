/**
 * The Rego of the rule that an annotation stands before: from the first line behind the annotation's comment to the end
 * of the rule. `row` counts from 1 and is the annotation's own.
 */
export function regoOf(text: string, row: number): readonly string[] {
  const lines = text.split('\n').slice(Math.max(row - 1, 0));
  const start = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('#'));
  if (start === -1) return [];
  const rule = lines.slice(start);
  // Formatted Rego ends a rule with a bracket in the first column; what has one line has none.
  const isOpen = /[{([]\s*$/.test(rule[0] ?? '');
  const end = isOpen ? rule.findIndex((line, index) => index > 0 && isEnd(line)) : 0;
  return end === -1 ? rule : rule.slice(0, end + 1);
}

/** `} if {` goes on. */
function isEnd(line: string): boolean {
  return /^[})\]]/.test(line) && !/[{([]\s*$/.test(line);
}
