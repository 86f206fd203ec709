import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { reportArrays } from "../../../src/engine/exports/report-data";
import { packFlags, packFloats, unpackFlags, unpackFloats } from "../../../src/shared/maps/packed";
import { ReportStore } from "../../../src/shared/maps/report-store";
import { numberedAxis, seeded, seededSource } from "../figure/source";

function reported(source: ReturnType<typeof seededSource>, limitBytes: number) {
  const made = reportArrays(source.capture, [...source.store.sites()], limitBytes);
  const store = new ReportStore(source.capture.generation, made.sites, (handle, name) =>
    inflateSync(made.arrays.find((array) => array.handle === handle && array.name === name)!.deflated),
  );
  return { ...made, store };
}

const causal = (query: number, key: number) => key <= query;
const small = (batch = 1) =>
  seededSource(
    [numberedAxis("tokens", 20), numberedAxis("keys", 9)],
    [
      { batch, heads: 3, queryAxis: 0, keyAxis: 0, visible: causal },
      { batch, kind: "cross", heads: 2, queryAxis: 0, keyAxis: 1 },
    ],
  );
const large = () =>
  seededSource([numberedAxis("tokens", 190)], [{ heads: 2, queryAxis: 0, keyAxis: 0, visible: causal }]);

test("floats and flags come back as they went in, NaN and −0 too", () => {
  const random = seeded(5);
  const floats = Float32Array.from({ length: 1001 }, () => random() - 0.5);
  floats.set([NaN, -0, Infinity, 1e-45], 7);
  expect(Object.is(unpackFloats(packFloats(floats))[8], -0)).toBe(true);
  expect([...unpackFloats(packFloats(floats))]).toEqual([...floats]);
  const flags = Uint8Array.from({ length: 1001 }, () => (random() > 0.5 ? 1 : 0));
  expect([...unpackFlags(packFlags(flags), flags.length)]).toEqual([...flags]);
});

describe("within the limit", () => {
  const source = small(2);
  const { store, leftOut, capture } = reported(source, 1e9);
  const generation = source.capture.generation;

  test("pages, rows, profiles and thumbnails are those of the engine", () => {
    expect(leftOut).toEqual([]);
    for (const site of capture.sites) {
      for (const batch of [0, 1]) {
        for (const head of [0, 1, "mean", [0, 1]] as const) {
          const of = {
            handle: site.handle,
            generation,
            batch,
            head: typeof head === "object" ? [...head] : head,
          };
          const page = {
            ...of,
            queryStart: 2,
            queryEnd: 19,
            keyStart: 1,
            keyEnd: 9,
            maxRows: 7,
            maxColumns: 4,
          };
          expect(store.readPage({ ...page, pooling: "max" })).toEqual(
            source.store.readPage({ ...page, pooling: "max" }),
          );
          expect(store.readRow({ ...of, query: 4 })).toEqual(source.store.readRow({ ...of, query: 4 }));
          expect(store.readHead(of)).toEqual(source.store.readHead(of));
        }
        const thumbnails = { handle: site.handle, generation, batch, side: 8 };
        expect(store.readThumbnails(thumbnails)).toEqual(source.store.readThumbnails(thumbnails));
      }
    }
  });

  test("a page of another capture is refused", () => {
    const handle = capture.sites[0]!.handle;
    expect(() => store.readHead({ handle, generation: generation + 1, batch: 0, head: 0 })).toThrow(
      expect.objectContaining({ code: "stale" }),
    );
  });
});

test("samples over the limit are left out, with their figures, and the report says which", () => {
  const source = small(5);
  const bytesOfSample = 4 * (3 * 20 * 20 + 2 * 20 * 9);
  const { leftOut, capture, sites } = reported(source, 2.5 * bytesOfSample);
  expect(leftOut).toEqual([expect.stringMatching(/samples 0 to 1 of 5/)]);
  expect(capture.sites.map((site) => [site.batch, site.figures.length])).toEqual([
    [2, 2],
    [2, 2],
  ]);
  expect(sites.map((site) => site.batch)).toEqual([2, 2]);
  expect(capture.notices).toContain(leftOut[0]);
});

describe("maps over the limit", () => {
  const source = large();
  const { generation } = source.capture;
  const { store, leftOut, capture, sites, arrays } = reported(source, 100_000);
  const { handle } = capture.sites[0]!;
  const { rowFactor } = sites[0]!.pooled!;

  test("are kept as maxima, and the report says so", () => {
    expect(rowFactor).toBeGreaterThan(1);
    expect(leftOut[0]).toContain(`maxima of ${rowFactor} × ${rowFactor} cells`);
    expect(arrays.reduce((sum, array) => sum + array.deflated.length, 0)).toBeLessThan(110_000);
  });

  test("a pooled page holds the maximum of every block of the true map", () => {
    for (const head of [0, 1, "mean"] as const) {
      const of = { handle, generation, batch: 0, head };
      const window = {
        queryStart: 40,
        queryEnd: 120,
        keyStart: 0,
        keyEnd: 190,
        maxRows: 500,
        maxColumns: 500,
      };
      const page = store.readPage({ ...of, ...window, pooling: "max" });
      expect([page.rowFactor, page.columnFactor, page.pooling]).toEqual([rowFactor, rowFactor, "max"]);
      expect(page.queryStart % rowFactor).toBe(0);
      expect(page.queryStart).toBeLessThanOrEqual(40);
      expect(page.queryEnd).toBeGreaterThanOrEqual(120);
      const cells = new Float32Array(page.cells);
      const all = source.store.readPage({
        ...of,
        queryStart: 0,
        queryEnd: 190,
        keyStart: 0,
        keyEnd: 190,
        maxRows: 190,
        maxColumns: 190,
        pooling: "max",
      });
      const truth = new Float32Array(all.cells);
      for (let row = 0; row < page.rows; row++) {
        for (let column = 0; column < page.columns; column++) {
          let most = -1;
          for (
            let query = page.queryStart + row * rowFactor;
            query < Math.min(190, page.queryStart + (row + 1) * rowFactor);
            query++
          )
            for (let key = column * rowFactor; key < Math.min(190, (column + 1) * rowFactor); key++)
              most = Math.max(most, truth[query * 190 + key]!);
          expect(cells[row * page.columns + column]).toBe(most);
        }
      }
    }
  });

  test("figures and profiles are of the whole map", () => {
    for (const head of [0, 1, "mean"] as const) {
      const of = { handle, generation, batch: 0, head };
      const { p99, maximum, ...rest } = store.readHead(of);
      const { p99: p99There, maximum: maximumThere, ...there } = source.store.readHead(of);
      expect(rest).toEqual(there);
      expect([maximum, p99]).toEqual([Math.fround(maximumThere), Math.fround(p99There)]);
    }
  });

  test("single rows and means of chosen heads are refused in words", () => {
    const of = { handle, generation, batch: 0 };
    const leftOutError = expect.objectContaining({ code: "leftOut" });
    expect(() => store.readRow({ ...of, head: 0, query: 3 })).toThrow(leftOutError);
    expect(() => store.readHead({ ...of, head: [0, 1] })).toThrow(leftOutError);
  });
});
