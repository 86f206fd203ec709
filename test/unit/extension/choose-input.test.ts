import { describe, expect, it } from "vitest";
import type { Phase } from "../../../src/shared/capture";
import { AttentionError } from "../../../src/shared/errors";
import type { InputState } from "../../../src/shared/input-choice";
import { DocumentBench, settle } from "./fake-engine";

const inputOf = ({ state }: DocumentBench): InputState | null =>
  state.status === "ready" ? state.input : null;

describe("choosing an input", () => {
  it("captures on it in the same engine, and keeps what is shown until it is there", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const done = bench.document.chooseInput({ text: "the cat" });
    await settle();
    expect(bench.engines).toHaveLength(1);
    expect(bench.engine.captures.at(-1)!.input).toEqual({ text: "the cat" });
    expect(bench.state).toMatchObject({ status: "ready", capture: { generation: 1 } });
    expect(inputOf(bench)).toMatchObject({ choice: null, running: true, problem: null });

    await bench.answerCapture(2);
    await done;
    expect(bench.state).toMatchObject({ status: "ready", capture: { generation: 2 } });
    expect(inputOf(bench)).toMatchObject({ choice: { text: "the cat" }, running: false, problem: null });
    expect(inputOf(bench)!.recent).toHaveLength(1);
  });

  it("captures of twenty quick choices the first and the last, and draws the last", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const before = bench.engine.captures.length;
    const all = Array.from({ length: 20 }, (_, step) => bench.document.chooseInput({ step }));
    await settle();
    expect(bench.engine.captures.slice(before).map(({ input }) => input)).toEqual([{ step: 0 }]);
    await bench.answerCapture(2);
    expect(inputOf(bench)).toMatchObject({ choice: { step: 0 }, running: true });
    expect(bench.engine.captures.slice(before).map(({ input }) => input)).toEqual([
      { step: 0 },
      { step: 19 },
    ]);
    await bench.answerCapture(3);
    await Promise.all(all);
    expect(inputOf(bench)).toMatchObject({ choice: { step: 19 }, running: false });
    expect(bench.states.filter((state) => state.status !== "ready" && state.status !== "opening")).toEqual(
      [],
    );
  });

  it("keeps what is shown when it fails, and says why", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const done = bench.document.chooseInput({ file: "/data/other.npz" });
    await settle();
    bench.engine.captures.at(-1)!.reject(new AttentionError("inputMismatch", "ids wants int64"));
    await done;
    expect(bench.state).toMatchObject({ status: "ready", capture: { generation: 1 } });
    expect(inputOf(bench)).toMatchObject({
      choice: null,
      running: false,
      problem: { code: "inputMismatch", detail: "ids wants int64" },
    });

    // The next choice takes the words away.
    void bench.document.chooseInput({ file: "/data/third.npz" });
    await settle();
    expect(inputOf(bench)).toMatchObject({ running: true, problem: null });
    await bench.answerCapture(2);
    expect(inputOf(bench)).toMatchObject({ choice: { file: "/data/third.npz" }, problem: null });
  });

  it("says nothing of one that was cancelled", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const done = bench.document.chooseInput({ text: "long", generate: { tokens: 1000 } });
    await settle();
    await bench.document.cancel();
    await done;
    expect(inputOf(bench)).toMatchObject({ choice: null, running: false, problem: null });
  });

  it("is captured again when the model is exported again, and after the engine was restarted", async () => {
    const bench = new DocumentBench();
    await bench.show();
    void bench.document.chooseInput({ episode: "success", step: 3 });
    await settle();
    await bench.answerCapture(2);

    void bench.document.fileSettled();
    await bench.answerOpen();
    expect(bench.engine.captures.at(-1)!.input).toEqual({ episode: "success", step: 3 });
    await bench.answerCapture(3);

    void bench.document.restart();
    await bench.answerOpen();
    expect(bench.engine.captures.at(-1)!.input).toEqual({ episode: "success", step: 3 });
  });

  it("opens with what was shown last where the window was reloaded", async () => {
    const bench = new DocumentBench();
    expect(bench.inputs.current).toBeNull();
    const again = new DocumentBench({ text: "kept" });
    void again.document.load();
    await again.answerOpen();
    expect(again.engine.captures.at(-1)!.input).toEqual({ text: "kept" });
  });

  it("tries an input that does not fit any more once, and then the model's own", async () => {
    const bench = new DocumentBench({ file: "/gone.npz" });
    void bench.document.load();
    await bench.answerOpen();
    bench.engine.captures.at(-1)!.reject(new AttentionError("fileNotFound", "", { where: "/gone.npz" }));
    await settle();
    expect(bench.state.status).toBe("error");
    void bench.document.load();
    await bench.answerOpen();
    expect(bench.engine.captures.at(-1)!.input).toBeNull();
  });
});

describe("runs that follow each other", () => {
  const runs = (done: number): Phase[] => [
    {
      ...{ name: "run", state: "active", ms: null, detail: "" },
      runs: { name: "token", done, total: 32 },
    },
  ];

  it("tell how far they came while the input before is shown", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const done = bench.document.chooseInput({ text: "long", generate: { tokens: 32 } });
    await settle();
    expect(inputOf(bench)).toMatchObject({ running: true, progress: null });
    const before = bench.states.length;
    for (let token = 4; token < 9; token++) bench.engine.onProgress(runs(token));
    expect(inputOf(bench)!.progress).toEqual({ name: "token", done: 4, total: 32 });
    expect(bench.states.length - before, "not each is told").toBe(1);
    await bench.answerCapture(2);
    await done;
    expect(inputOf(bench)!.progress ?? null).toBeNull();
    bench.engine.onProgress(runs(9));
    expect(inputOf(bench)!.progress ?? null, "nothing runs").toBeNull();
  });

  it("end where another input is chosen, and what they came to is not shown", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const all = [bench.document.chooseInput({ text: "long", generate: { tokens: 32 } })];
    await settle();
    bench.engine.onProgress(runs(3));
    all.push(bench.document.chooseInput({ text: "short" }));
    await settle();
    expect(bench.engine.stops).toBe(1);
    await bench.answerCapture(2);
    expect(bench.state).toMatchObject({ status: "ready", capture: { generation: 1 } });
    expect(inputOf(bench)).toMatchObject({ choice: null, running: true, progress: null });
    await bench.answerCapture(3);
    await Promise.all(all);
    expect(inputOf(bench)).toMatchObject({ choice: { text: "short" }, running: false });
    expect(bench.inputs.recent.map(({ choice }) => choice)).toEqual([{ text: "short" }]);
    expect(bench.engine.cancels, "no process was ended for it").toBe(0);
  });
});
