/** Processes that a server has started, read from the system: which engines run, and is the host still the same. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function all(): Process[] {
  if (process.platform !== "linux") return fromPs();
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // "pid (name) state parent …"; the name may hold anything, so read from its closing bracket on.
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (state === "Z") return [];
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(name), parent: Number(parent), command }];
      } catch {
        return [];
      }
    });
}

function fromPs(): Process[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,command="], { encoding: "utf8" })
    .trim()
    .split("\n");
  return lines.map((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return { pid: Number(pid), parent: Number(parent), command: command ?? "" };
  });
}

/** Engine processes that an extension host has started. */
export function enginesOf(host: number): number[] {
  return all()
    .filter(({ parent, command }) => parent === host && /dist[\\/]engine[\\/]main\.cjs/.test(command))
    .map(({ pid }) => pid);
}

export function isRunning(pid: number): boolean {
  return all().some((process) => process.pid === pid);
}

/** Files, sockets and pipes that a process holds open; null where the system does not tell. */
export function openHandles(pid: number): number | null {
  return process.platform === "linux" ? readdirSync(`/proc/${pid}/fd`).length : null;
}

/** Memory that a process holds in RAM, in bytes; null where the system does not tell. */
export function residentBytes(pid: number): number | null {
  if (process.platform !== "linux") return null;
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
