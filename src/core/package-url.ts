/**
 * Address of `path` in the package. `base` is the `import.meta.url` of the caller, a file in a folder of `src/`: two
 * levels below the package while it is TypeScript, and one when it is built, because all of `dist/` lies flat.
 */
export function packageUrl(path: string, base: string): URL {
  return new URL(base.endsWith('.ts') ? `../../${path}` : `../${path}`, base);
}
