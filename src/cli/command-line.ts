/** The command line as a person would type it again. */

/** An argument as a POSIX shell reads it. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

export function commandLine(argv: readonly string[] = process.argv.slice(2)): string {
  return ["attention-lens", ...argv.map(quoted)].join(" ");
}
