/** What the runs of a sequence share: progress, numbers, and when to end. */
import { plural } from "../../shared/format";
import type { CaptureResult } from "../describe-run";
import type { StoredSite } from "../../shared/maps/capture-store";
import { freeMemory } from "../run/estimate";
import type { Phases } from "../phases";

/** What the runs of a sequence need of the engine. */
export interface SequenceHost {
  readonly phases: Phases;
  nextGeneration(): number;
  /** Whether somebody asked to stop after the present run. */
  stopped(): boolean;
}

/** Maps of a sequence may take this share of the memory that is free when it begins. */
const MEMORY_SHARE = 0.5;

/** Ends a sequence before its maps fill the memory. */
export function memoryGuard(): (results: readonly CaptureResult[]) => string | null {
  const most = freeMemory() * MEMORY_SHARE;
  return (results) => {
    // The maps of an encoder are those of every step.
    const maps = new Set(results.flatMap(({ store }) => [...store.sites()].map(mapsOf)).flat());
    const bytes = [...maps].reduce((all, { byteLength }) => all + byteLength, 0);
    return bytes > most
      ? `It was ended after ${results.length}: the maps take half of the memory that was free.`
      : null;
  };
}

function mapsOf({ cells, valid, scores }: StoredSite): readonly { readonly byteLength: number }[] {
  return [cells, valid, ...(scores ? [scores.before.cells, scores.after.cells] : [])];
}

/** Why a sequence ends here, where somebody asked for it; null where nobody did. */
export function stoppedAfter(host: SequenceHost, done: number, total: number, name: string): string | null {
  return host.stopped()
    ? `It was stopped after ${done} of ${total} ${total === 1 ? name : plural(name)}.`
    : null;
}

/** Says of the last capture why there is none after it. */
export function noteLast(results: CaptureResult[], notice: string): void {
  const last = results.pop();
  if (last)
    results.push({ ...last, capture: { ...last.capture, notices: [...last.capture.notices, notice] } });
}
