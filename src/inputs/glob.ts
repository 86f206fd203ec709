/** Glob patterns over names with dots: `*` matches anything but nothing else is special, `?` one character. */
export function matchesGlob(pattern: string, name: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${expression}$`, "s").test(name);
}
