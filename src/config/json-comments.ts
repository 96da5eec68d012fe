/** JSONC as YAML can read it: every comment becomes as many spaces, so that places stay true. */
export function blankComments(text: string): string {
  return text.replaceAll(STRING_OR_COMMENT, (match) =>
    match.startsWith('"') ? match : match.replaceAll(/[^\n\r]/g, ' '),
  );
}

const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n\r]*|\/\*[^]*?\*\//g;
