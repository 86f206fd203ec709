// Arrays that were mapped to inputs by hand: kept with a capture, used again for a file of the same names, and said.
import { describe, expect, it } from "vitest";
import { DocumentBench, settle } from "./fake-engine";

const arrays = { state: "obs" };

async function shown(): Promise<DocumentBench> {
  const bench = new DocumentBench();
  await bench.show();
  bench.engine.arrays = {
    ...bench.engine.arrays,
    kinds: [{ dtype: "float32", dims: [1, 4] }],
    arrays: [
      { name: "obs", kind: 0 },
      { name: "act", kind: 0 },
    ],
  };
  return bench;
}

const noticesOf = ({ state }: DocumentBench): readonly string[] =>
  state.status === "ready" ? state.capture.notices : [];

async function capture(bench: DocumentBench, file: string, mapped?: Record<string, string>): Promise<void> {
  const done = bench.document.chooseInput({ file, ...(mapped ? { arrays: mapped } : {}) });
  await settle();
  await bench.answerCapture(bench.engine.holds + 1);
  await done;
}

describe("a mapping of arrays to inputs", () => {
  it("is kept when the capture on it was made, and offered for the next file with arrays of these names", async () => {
    const bench = await shown();
    expect((await bench.document.listArrays({ file: "/data/one.npz" })).remembered).toBeNull();
    const failed = bench.document.chooseInput({ file: "/data/one.npz", arrays: { state: "act" } });
    await settle();
    bench.engine.captures.at(-1)!.reject(new Error("no"));
    await failed;
    expect(bench.inputs.mappings).toEqual([]);

    await capture(bench, "/data/one.npz", arrays);
    expect(bench.inputs.mappings).toEqual([{ names: ["obs", "act"], arrays, from: "one.npz" }]);
    expect(noticesOf(bench).join()).not.toMatch(/was chosen for/);

    const next = await bench.document.listArrays({ file: "/data/two.npz" });
    expect(next.remembered).toMatchObject({ arrays, from: "one.npz" });
    await capture(bench, "/data/two.npz", arrays);
    expect(noticesOf(bench)).toContain(
      "Arrays are given to inputs as was chosen for one.npz; Map arrays… in the Input dialog changes that.",
    );
    expect(bench.inputs.mappings).toHaveLength(1);
  });

  it("is not offered for other names, nor where it cannot be run", async () => {
    const bench = await shown();
    await bench.document.listArrays({ file: "/data/one.npz" });
    await capture(bench, "/data/one.npz", arrays);
    bench.engine.runs = () => false;
    expect((await bench.document.listArrays({ file: "/data/two.npz" })).remembered).toBeNull();
    bench.engine.runs = null;
    bench.engine.arrays = { ...bench.engine.arrays, arrays: [{ name: "obs", kind: 0 }] };
    expect((await bench.document.listArrays({ file: "/data/two.npz" })).remembered).toBeNull();
  });
});
