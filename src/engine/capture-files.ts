/** A capture as files: every map as npz, sites and figures as JSON (`docs/capture-files.md`). */
import type { Capture } from "../shared/capture";
import type { ModelSummary } from "../shared/model";
import { writeNpz } from "../inputs/arrays";
import type { CaptureStore } from "../shared/maps/capture-store";

/** `site_000`, `site_001` …: float32 [batch, heads, queries, keys] each. */
export function captureNpz(capture: Capture, store: CaptureStore): Uint8Array {
  const stored = new Map([...store.sites()].map((site) => [site.handle, site]));
  return writeNpz(
    new Map(
      capture.sites.flatMap(({ id, handle, batch, heads, queries, keys }) => {
        const site = stored.get(handle);
        return site ? [[id, { data: site.cells, dims: [batch, heads, queries, keys] }] as const] : [];
      }),
    ),
  );
}

/** Figures as one array of numbers per name, one number per head, of one batch element. */
function metricsOf(figures: Capture["sites"][number]["figures"][number]): Record<string, (number | null)[]> {
  const names = Object.keys(figures[0] ?? {}) as (keyof (typeof figures)[number])[];
  return Object.fromEntries(names.map((name) => [name, figures.map((head) => head[name])]));
}

export function captureDocument(model: ModelSummary, capture: Capture): unknown {
  return {
    model: { path: model.path, title: model.title, opset: model.opset, producer: model.producer },
    sites: capture.sites.map((site) => ({
      id: site.id,
      name: site.name,
      kind: site.kind,
      layer: site.layer,
      component: site.component,
      batch: site.batch,
      heads: site.heads,
      queries: site.queries,
      keys: site.keys,
      method: site.method,
      error: site.error,
      controlError: site.controlError,
      proven: site.proven,
      ...(site.kvHeads === null ? {} : { kvHeads: site.kvHeads }),
      ...(site.groups === null ? {} : { groups: site.groups }),
      ...(site.batchAxis === null ? {} : { batchAxis: site.batchAxis }),
      validity: site.validity,
      assumed: site.assumed,
      note: site.note,
      source: site.source,
      metrics: metricsOf(site.figures[0] ?? []),
      ...(site.batch === 1 ? {} : { metricsByBatch: site.figures.map(metricsOf) }),
    })),
    notSupported: model.notSupported,
    otherSoftmaxes: model.otherSoftmaxes,
    provider: capture.provider,
    input: capture.input,
    notices: capture.notices,
    timings: Object.fromEntries(capture.phases.map((phase) => [`${phase.name}Ms`, phase.ms])),
  };
}
