/** One capture: choose the input, run, reduce; a generation or a loop makes several runs of it. */
import { CaptureStore } from "../shared/maps/capture-store";
import type { CaptureRequest } from "../shared/protocol";
import type { NamedArray } from "../inputs/arrays";
import { type CaptureResult, describeRun } from "./describe-run";
import { inputOf } from "./inputs/input-of-request";
import type { OpenModel } from "./model/open-model";
import type { Phases } from "./phases";
import { runSites } from "./run/run-sites";

/** The input that a request asks for, and one run on it. */
export async function captureModel(
  opened: OpenModel,
  request: CaptureRequest,
  generation: number,
  phases: Phases,
): Promise<CaptureResult> {
  const input = await inputOf(opened, request, phases);
  try {
    const run = await runSites(opened, request, input.feeds, { phases, label: input.report.label });
    return describeRun(opened, request, input, run, generation, phases);
  } finally {
    input.close();
  }
}

/** The same capture under another generation, whose handles are others. */
export function asGeneration({ capture, store, input }: CaptureResult, generation: number): CaptureResult {
  const handle = (before: string) => before.replace(/@\d+$/, `@${generation}`);
  return {
    capture: {
      ...capture,
      generation,
      sites: capture.sites.map((site) => ({ ...site, handle: handle(site.handle) })),
    },
    store: new CaptureStore(
      generation,
      [...store.sites()].map((site) => ({ ...site, handle: handle(site.handle) })),
    ),
    input,
  };
}

/** Arrays by the names of the model's inputs. */
export type Feeds = ReadonlyMap<string, NamedArray>;
