/** Arguments as the shell of the person's terminal reads them. */

export type Shell = "posix" | "powershell" | "cmd";

/** The kind of shell by its program's path; an unknown one reads like a POSIX shell. */
export function shellOf(program: string): Shell {
  const name = (program.split(/[\\/]/).at(-1) ?? "").toLowerCase().replace(/\.exe$/, "");
  if (name === "powershell" || name === "pwsh") return "powershell";
  return name === "cmd" ? "cmd" : "posix";
}

const plain = /^[\w@%+=:,./-]+$/;
/** `%` expands in cmd, `@`, `,` and `%` have a meaning in PowerShell. */
const plainOnWindows = /^[\w+=:./\\-]+$/;

/** One argument. cmd has no way to write a double quote or a `%` that holds everywhere; file names have no quote. */
export function quoted(argument: string, shell: Shell): string {
  switch (shell) {
    case "posix":
      return plain.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
    case "powershell":
      return plainOnWindows.test(argument) ? argument : `'${argument.replaceAll("'", "''")}'`;
    case "cmd":
      return plainOnWindows.test(argument) ? argument : `"${argument.replaceAll('"', '""')}"`;
  }
}

export function commandLine(program: readonly string[], shell: Shell): string {
  return program.map((argument) => quoted(argument, shell)).join(" ");
}
