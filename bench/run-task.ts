/** Runs one task in a fresh process. */
import { fork } from "node:child_process";
import os from "node:os";
import path from "node:path";
import type { Results, Task } from "./tasks";

/** @param lowPriority as the engine runs, so that both wait for other programs alike */
export function runTask<K extends Task["kind"]>(
  task: Extract<Task, { kind: K }>,
  { lowPriority = false } = {},
): Promise<Results[K]> {
  return new Promise((resolve, reject) => {
    const child = fork(path.join(__dirname, "child.cjs"), [], { serialization: "advanced", execArgv: [] });
    if (lowPriority && child.pid !== undefined)
      os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
    let result: Results[K] | undefined;
    child.on("message", (message) => (result = message as Results[K]));
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (result) resolve(result);
      else reject(new Error(`The task ${task.kind} ended with ${signal ?? `exit code ${code}`}.`));
    });
    child.send(task);
  });
}
