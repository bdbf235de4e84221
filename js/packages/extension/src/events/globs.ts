/** Globs over event names: `*` any characters, `?` one; case counts, as in SillyTavern's names. */

export type Match = (name: string) => boolean;

export function isPlain(glob: string): boolean {
  return !/[*?]/.test(glob);
}

export function globMatch(globs: readonly string[]): Match {
  const plain = new Set(globs.filter(isPlain));
  const patterns = globs
    .filter((glob) => !isPlain(glob))
    .map((glob) => {
      const source = glob
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replace(/\*+/g, ".*")
        .replace(/\?/g, ".");
      return new RegExp(`^${source}$`, "s");
    });
  return (name) => plain.has(name) || patterns.some((pattern) => pattern.test(name));
}
