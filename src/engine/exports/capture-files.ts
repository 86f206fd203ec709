/** A capture as files: every map as npz, sites and figures as JSON and CSV (`docs/capture-files.md`). */
import type { Capture, TokenAxis } from "../../shared/capture";
import type { HeadFigures } from "../../shared/figures";
import type { CaptureStore } from "../../shared/maps/capture-store";
import type { ModelSummary } from "../../shared/model";
import { roleNames } from "../../shared/roles";
import { type Provenance, provenanceLines } from "../../shared/provenance";
import { type NpzEntry, writeNpz } from "../../inputs/arrays";

/**
 * `site_000`, `site_001` …: float32 [batch, heads, queries, keys] each; `scores/site_000` before masks and biases and
 * `masked_scores/site_000` after them, where they were captured; `query_labels/site_000` and `key_labels/site_000`,
 * texts [samples, tokens], where the samples of a batch have labels of their own; and `provenance`, JSON text.
 */
export function captureNpz(capture: Capture, store: CaptureStore, provenance: Provenance): Uint8Array {
  const stored = new Map([...store.sites()].map((site) => [site.handle, site]));
  return writeNpz(
    new Map<string, NpzEntry>(
      capture.sites.flatMap(({ id, handle, batch, heads, queries, keys, queryAxis, keyAxis }) => {
        const site = stored.get(handle);
        if (!site) return [];
        const scores = site.scores;
        return [
          [id, { data: site.cells, dims: [batch, heads, queries, keys] }] as const,
          ...(scores
            ? [
                [`scores/${id}`, { data: scores.before.cells, dims: scores.before.dims }] as const,
                [`masked_scores/${id}`, { data: scores.after.cells, dims: scores.after.dims }] as const,
              ]
            : []),
          ...sampleLabels(`query_labels/${id}`, capture.axes[queryAxis]),
          ...sampleLabels(`key_labels/${id}`, capture.axes[keyAxis]),
        ];
      }),
    ),
    JSON.stringify(provenance),
  );
}

function sampleLabels(name: string, axis: TokenAxis | undefined): [string, NpzEntry][] {
  const { samples } = axis ?? {};
  if (!samples) return [];
  const data = samples.flatMap(({ labels }) => labels);
  return [[name, { data, dims: [samples.length, samples[0]?.labels.length ?? 0] }]];
}

/** Figures as one array of numbers per name, one number per head, of one batch element. */
function metricsOf(figures: Capture["sites"][number]["figures"][number]): Record<string, (number | null)[]> {
  const names = Object.keys(figures[0] ?? {}) as (keyof (typeof figures)[number])[];
  return Object.fromEntries(names.map((name) => [name, figures.map((head) => head[name])]));
}

/** Names of an axis' tokens, and of those of each sample where they differ. */
function axisDocument({
  id,
  labels,
  segments,
  segmentOf,
  from,
  assumed,
  padding,
  samples,
}: TokenAxis): unknown {
  const grids = segments.flatMap(({ name, grid }) => (grid ? [[name, grid] as const] : []));
  return {
    id,
    from,
    ...(assumed === undefined ? {} : { assumed }),
    labels,
    segments: segmentOf.map((segment) => segments[segment]?.name ?? null),
    ...(grids.length === 0 ? {} : { grids: Object.fromEntries(grids) }),
    ...(padding === undefined ? {} : { padding }),
    ...(samples === undefined
      ? {}
      : { samples: samples.map((own) => ({ labels: own.labels, padding: own.padding ?? [] })) }),
  };
}

/** What was recorded of the step, by name. */
function valuesDocument(values: Capture["recording"]["values"]): Record<string, number | string> {
  return Object.fromEntries(values.map(({ name, value }) => [name, value]));
}

/** Which step or pass this is, of how many; nothing where there is no such axis. */
function placeDocument(axis: string, runs: Capture["recording"]["steps"]): Record<string, unknown> {
  return runs ? { [axis]: { name: runs.name, index: runs.index, count: runs.count } } : {};
}

export function captureDocument(model: ModelSummary, capture: Capture, provenance: Provenance): unknown {
  return {
    provenance,
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
      queryAxis: site.queryAxis,
      keyAxis: site.keyAxis,
      method: site.method,
      error: site.error,
      controlError: site.controlError,
      proven: site.proven,
      ...(site.kvHeads === null ? {} : { kvHeads: site.kvHeads }),
      ...(site.groups === null ? {} : { groups: site.groups }),
      ...(site.batchAxis === null ? {} : { batchAxis: site.batchAxis }),
      ...(site.windows === null ? {} : { windows: site.windows }),
      ...(site.averaged ? { averaged: true } : {}),
      ...(site.heldBy ? { heldBy: site.heldBy } : {}),
      validity: site.validity,
      assumed: site.assumed,
      note: site.note,
      source: site.source,
      metrics: metricsOf(site.figures[0] ?? []),
      ...(site.batch === 1 ? {} : { metricsByBatch: site.figures.map(metricsOf) }),
      roles: (site.roles[0] ?? []).map((head) => head.map(({ name }) => name)),
    })),
    axes: capture.axes.map(axisDocument),
    notSupported: model.notSupported,
    otherSoftmaxes: model.otherSoftmaxes,
    provider: capture.provider,
    input: capture.input,
    ...(capture.recording.values.length === 0 ? {} : { values: valuesDocument(capture.recording.values) }),
    ...placeDocument("step", capture.recording.steps),
    ...placeDocument("pass", capture.recording.passes),
    notices: capture.notices,
    timings: Object.fromEntries(capture.phases.map((phase) => [`${phase.name}Ms`, phase.ms])),
  };
}

/** Text that a spreadsheet takes as text: quoted where needed, and never as a formula. */
function csvText(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** One row for each head of each sample, with all its figures; where it comes from in lines that begin with `#`. */
export function captureCsv(capture: Capture, provenance: Provenance): string {
  const names = Object.keys(capture.sites[0]?.figures[0]?.[0] ?? {}) as (keyof HeadFigures)[];
  const header = [
    "site",
    "name",
    "component",
    "layer",
    "kind",
    "sample",
    "head",
    "queries",
    "keys",
    ...names,
    "role",
  ];
  const rows = capture.sites.flatMap((site) =>
    site.figures.flatMap((heads, sample) =>
      heads.map((figures, head) =>
        [
          site.id,
          csvText(site.name),
          csvText(site.component ?? ""),
          site.layer ?? "",
          site.kind,
          sample,
          head,
          site.queries,
          site.keys,
          ...names.map((name) => figures[name] ?? ""),
          csvText(roleNames(site.roles[sample]?.[head] ?? [])),
        ].join(","),
      ),
    ),
  );
  return [...provenanceLines(provenance).map((line) => `# ${line}`), header.join(","), ...rows, ""].join(
    "\n",
  );
}
