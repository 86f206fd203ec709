import { describe, expect, it } from "vitest";
import { documentStateSchema } from "../../../src/shared/document";
import { AttentionError } from "../../../src/shared/errors";
import { DocumentBench, settle } from "./fake-engine";
import { sampleCapture, sampleModel, samplePhases } from "./samples";

const statuses = (bench: DocumentBench) =>
  bench.states.map((state) => state.status).filter((status, index, all) => status !== all[index - 1]);

describe("opening a model", () => {
  it("goes from opening to ready, with phases and then the sites on the way", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await settle();
    bench.engine.onProgress(samplePhases("find"));
    expect(bench.state).toMatchObject({ status: "opening", model: null });
    expect(bench.state.status === "opening" && bench.state.phases).toHaveLength(6);
    await bench.answerOpen();
    expect(bench.state).toMatchObject({ status: "opening", model: { name: "actor.onnx" } });
    await bench.answerCapture();
    expect(bench.state).toMatchObject({ status: "ready", stale: null, capture: { generation: 1 } });
    expect(statuses(bench)).toEqual(["opening", "ready"]);
  });

  it("sends only states that the view can draw", async () => {
    const bench = new DocumentBench();
    await bench.show();
    bench.document.fileChanged(false);
    for (const state of bench.states) expect(documentStateSchema.safeParse(state).success).toBe(true);
  });

  it("ends in `empty` when no attention was found, and runs nothing", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await bench.answerOpen(0);
    expect(bench.state.status).toBe("empty");
    expect(bench.engine.captures).toHaveLength(0);
  });

  it("tells the engine's error, and keeps what was read of the model", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await bench.answerOpen();
    bench.engine.captures[0]!.reject(new AttentionError("inputMismatch", "ids wants int64"));
    await settle();
    expect(bench.state).toMatchObject({
      status: "error",
      error: { code: "inputMismatch", detail: "ids wants int64" },
      model: { name: "actor.onnx" },
    });
  });

  it("only scans in an untrusted workspace, and runs when trust is granted", async () => {
    const bench = new DocumentBench();
    bench.trusted = false;
    void bench.document.load();
    await bench.answerOpen();
    expect(bench.engine.opens[0]!.mode).toBe("scan");
    expect(bench.state.status).toBe("restricted");
    expect(bench.engine.captures).toHaveLength(0);

    const scanning = bench.engine;
    bench.trusted = true;
    void bench.document.replaceEngine();
    await bench.answerOpen();
    await bench.answerCapture();
    expect(scanning.disposed).toBe(true);
    expect(bench.engine.opens[0]!.mode).toBe("full");
    expect(bench.state.status).toBe("ready");
  });
});

describe("scores", () => {
  const withScores = (generation: number) => {
    const capture = sampleCapture(generation);
    const extremes = { maximum: 5, p99: 4 };
    const sites = capture.sites.map((site) => ({
      ...site,
      scores: { before: extremes, after: extremes, reason: null },
    }));
    return { ...capture, sites };
  };

  it("are captured by the same engine when they are asked for, once for all who ask", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const asked = [bench.document.captureScores(), bench.document.captureScores()];
    await settle();
    expect(bench.engines).toHaveLength(1);
    expect(bench.engine.captures).toHaveLength(2);
    expect(bench.engine.captures[1]!.scores).toBe(true);
    // What is shown stays, and is answered.
    expect(bench.state).toMatchObject({ status: "ready", capture: { generation: 1 } });
    await expect(bench.document.readPage(bench.page(1))).resolves.toMatchObject({ generation: 1 });
    bench.engine.captures[1]!.resolve(withScores(2));
    await Promise.all(asked);
    expect(bench.state).toMatchObject({ status: "ready", stale: null, capture: { generation: 2 } });
    await bench.document.captureScores();
    expect(bench.engine.captures).toHaveLength(2);
    // A later load has them as well.
    void bench.document.load();
    await bench.answerOpen();
    expect(bench.engine.captures.at(-1)!.scores).toBe(true);
  });

  it("that cannot be had leave what is shown, and the next load asks for none", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const asked = bench.document.captureScores();
    await settle();
    bench.engine.captures[1]!.reject(new AttentionError("memory", "It needs 9 GB."));
    await expect(asked).rejects.toMatchObject({ code: "memory" });
    expect(bench.state).toMatchObject({ status: "ready", stale: null, capture: { generation: 1 } });
    await expect(bench.document.readPage(bench.page(1))).resolves.toMatchObject({ generation: 1 });
    void bench.document.load();
    await bench.answerOpen();
    expect(bench.engine.captures.at(-1)!.scores).toBe(false);
  });

  it("are not asked for while nothing is shown", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await expect(bench.document.captureScores()).rejects.toMatchObject({ code: "stale" });
  });
});

describe("what is superseded", () => {
  it("draws only the last of twenty quick changes of provider", async () => {
    const bench = new DocumentBench();
    await bench.show();
    for (let change = 0; change < 20; change++) {
      bench.provider = change % 2 === 0 ? "cuda" : "cpu";
      void bench.document.load();
    }
    await bench.answerOpen();
    await bench.answerCapture(2);
    expect(bench.engine.captures).toHaveLength(2);
    expect(bench.engine.captures.at(-1)!.provider).toBe("cpu");
    expect(bench.state).toMatchObject({ status: "ready", capture: { generation: 2 } });
    expect(bench.states.filter((state) => state.status === "error")).toEqual([]);
  });

  it("stops the run that a new load replaces, without an error", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await bench.answerOpen();
    void bench.document.load();
    await bench.answerOpen();
    await bench.answerCapture();
    expect(bench.engine.cancels).toBe(1);
    expect(statuses(bench)).toEqual(["opening", "ready"]);
  });

  it("says nothing after it was closed in a run", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await bench.answerOpen();
    const told = bench.states.length;
    bench.document.dispose();
    await settle();
    expect(bench.engine.disposed).toBe(true);
    expect(bench.states).toHaveLength(told);
    expect(bench.log.lines.filter((line) => line.startsWith("error"))).toEqual([]);
  });

  it("says that it was cancelled, and loads again when asked", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await bench.answerOpen();
    bench.engine.onProgress(samplePhases("load"));
    await bench.document.cancel();
    await settle();
    expect(bench.state).toMatchObject({
      status: "error",
      error: { code: "cancelled", detail: "Stopped at “Load weights”." },
    });
    void bench.document.load();
    await bench.answerOpen();
    await bench.answerCapture();
    expect(bench.state.status).toBe("ready");
  });

  it("has nothing to cancel when nothing runs", async () => {
    const bench = new DocumentBench();
    await bench.show();
    await bench.document.cancel();
    expect(bench.engine.cancels).toBe(0);
    expect(bench.state.status).toBe("ready");
  });

  it("restarts without showing the cancelled run", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await bench.answerOpen();
    void bench.document.restart();
    await bench.answerOpen();
    await bench.answerCapture();
    expect(bench.engine.restarts).toBe(1);
    expect(statuses(bench)).toEqual(["opening", "ready"]);
  });
});

describe("a crash", () => {
  it("in a run is one error state, though the client tells of it twice", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await bench.answerOpen();
    const crash = new AttentionError("engineCrashed", "The process ended with signal SIGSEGV.");
    bench.engine.captures[0]!.reject(crash);
    bench.engine.onCrash(crash);
    await settle();
    expect(bench.states.filter((state) => state.status === "error")).toHaveLength(1);
  });

  it("of an idle engine is told as well", async () => {
    const bench = new DocumentBench();
    await bench.show();
    bench.engine.onCrash(new AttentionError("engineCrashed", "The process ended with signal SIGKILL."));
    expect(bench.state).toMatchObject({ status: "error", error: { code: "engineCrashed" } });
  });

  it("of an engine that nothing is taken from any more leaves the state as it is", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await bench.answerOpen(0);
    bench.engine.onCrash(new AttentionError("engineCrashed"));
    expect(bench.state.status).toBe("empty");
  });
});

describe("pages", () => {
  it("are asked in the engine's generation and answered in the document's", async () => {
    const bench = new DocumentBench();
    await bench.show();
    void bench.document.replaceEngine();
    await bench.answerOpen();
    await bench.answerCapture(1);
    expect(bench.state).toMatchObject({ capture: { generation: 2 } });
    const page = await bench.document.readPage(bench.page(2));
    expect(bench.engine.asked).toEqual([1]);
    expect(page.generation).toBe(2);
    expect(page.cells.byteLength).toBe(6 * 6 * 4);
  });

  it("of an earlier capture are stale, though a new engine counts from 1 again", async () => {
    const bench = new DocumentBench();
    await bench.show();
    void bench.document.replaceEngine();
    await bench.answerOpen();
    await bench.answerCapture(1);
    await expect(bench.document.readPage(bench.page(1))).rejects.toMatchObject({ code: "stale" });
    expect(bench.engine.asked).toEqual([]);
  });

  it("captures again, once, when the engine has given its memory back", async () => {
    const bench = new DocumentBench();
    await bench.show();
    bench.engine.holds = 0;
    const asked = [1, 2, 3].map(() => bench.document.readPage(bench.page(1)).catch((error) => error.code));
    expect(await Promise.all(asked)).toEqual(["stale", "stale", "stale"]);
    expect(bench.state).toMatchObject({ status: "ready", stale: expect.stringContaining("Capturing again") });
    await bench.answerOpen();
    await bench.answerCapture(1);
    expect(bench.engine.captures).toHaveLength(2);
    expect(bench.state).toMatchObject({ status: "ready", stale: null, capture: { generation: 2 } });
    await expect(bench.document.readPage(bench.page(2))).resolves.toMatchObject({ rows: 6 });
  });
});

describe("a file that changes on disk", () => {
  it("is said at once, and the last good view keeps answering until the new one is there", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const before = bench.engine;
    bench.document.fileChanged(false);
    expect(bench.state).toMatchObject({ status: "ready", stale: expect.stringContaining("changed on disk") });
    void bench.document.fileSettled();
    await bench.answerOpen();
    expect(bench.engine).not.toBe(before);
    await expect(bench.document.readPage(bench.page(1))).resolves.toMatchObject({ generation: 1 });
    await bench.answerCapture(1);
    expect(before.disposed).toBe(true);
    expect(bench.state).toMatchObject({ status: "ready", stale: null, capture: { generation: 2 } });
    expect(statuses(bench)).toEqual(["opening", "ready"]);
  });

  it("keeps the last good view, with the reason, when the new file cannot be opened", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const good = bench.engine;
    bench.document.fileChanged(false);
    void bench.document.fileSettled();
    await settle();
    bench.engine.opens[0]!.reject(new AttentionError("truncated"));
    await settle();
    expect(bench.engine.disposed).toBe(true);
    expect(good.disposed).toBe(false);
    expect(bench.state).toMatchObject({ status: "ready", stale: expect.stringContaining("cut short") });
    await expect(bench.document.readPage(bench.page(1))).resolves.toMatchObject({ generation: 1 });
  });

  it("follows the engine of the reload: its crash is told, the old one's is not", async () => {
    const bench = new DocumentBench();
    await bench.show();
    const old = bench.engine;
    void bench.document.fileSettled();
    await bench.answerOpen();
    await bench.answerCapture(1);
    old.onCrash(new AttentionError("engineCrashed"));
    expect(bench.state.status).toBe("ready");
    bench.engine.onCrash(new AttentionError("engineCrashed"));
    expect(bench.state.status).toBe("error");
  });

  it("takes the mark away when the file is again what was loaded", async () => {
    const bench = new DocumentBench();
    await bench.show();
    bench.document.fileChanged(true);
    expect(bench.state).toMatchObject({ stale: expect.stringContaining("deleted") });
    bench.document.fileRestored();
    expect(bench.state).toMatchObject({ stale: null });
  });

  it("opens a model that was not shown before from the beginning", async () => {
    const bench = new DocumentBench();
    void bench.document.load();
    await settle();
    bench.engine.opens[0]!.reject(new AttentionError("fileNotFound"));
    await settle();
    expect(bench.state.status).toBe("error");
    void bench.document.fileSettled();
    await bench.answerOpen();
    await bench.answerCapture();
    expect(bench.state.status).toBe("ready");
  });

  it("drops a reload that another change supersedes", async () => {
    const bench = new DocumentBench();
    await bench.show();
    void bench.document.fileSettled();
    await bench.answerOpen();
    const first = bench.engine;
    void bench.document.fileSettled();
    await settle();
    expect(first.disposed).toBe(true);
    await bench.answerOpen();
    await bench.answerCapture(1);
    expect(bench.state).toMatchObject({ status: "ready", stale: null, capture: { generation: 2 } });
  });
});

describe("a large run", () => {
  const choice = (sites: string[] | null, memoryBytes: number) => ({
    ...{ sites, siteCount: sites?.length ?? 2, heads: 4, memoryBytes },
    ...{ mapBytes: 1000, viewBytes: 10 },
  });
  const planned = {
    ...{ input: "synthetic (seed 0)", freeBytes: 1e9, unknown: 0 },
    choices: [choice(null, 3e6), choice(["site_000"], 1e6)],
    largest: [4, 4] as [number, number],
  };

  async function asked(askAboveBytes: number): Promise<DocumentBench> {
    const bench = new DocumentBench();
    bench.askAboveBytes = askAboveBytes;
    void bench.document.load();
    await settle();
    bench.engines[0]!.planned = planned;
    bench.engines[0]!.opens[0]!.resolve(sampleModel(bench.document.path));
    await settle();
    return bench;
  }

  it("waits for the person and runs what was chosen, then and after changes on disk", async () => {
    const bench = await asked(2e6);
    const [engine] = bench.engines;
    expect(bench.document.state).toMatchObject({ status: "plan", plan: planned, askAboveBytes: 2e6 });
    expect(engine!.captures).toHaveLength(0);
    const run = bench.document.runPlanned(1);
    await settle();
    expect(bench.document.state.status).toBe("opening");
    expect(engine!.captures[0]).toMatchObject({ sites: ["site_000"] });
    engine!.captures[0]!.resolve(sampleCapture(1));
    await run;
    const { state } = bench.document;
    expect(state.status === "ready" && state.capture.notices[0]).toMatch(
      /sites were captured, as was chosen/,
    );
    const reload = bench.document.fileSettled();
    await settle();
    bench.engines[1]!.opens[0]!.resolve(sampleModel(bench.document.path));
    await settle();
    expect(bench.engines[1]!.captures[0]).toMatchObject({ sites: ["site_000"] });
    bench.engines[1]!.captures[0]!.resolve(sampleCapture(1));
    await reload;
  });

  it("is not begun when it is cancelled, and is asked for again", async () => {
    const bench = await asked(2e6);
    await bench.document.cancel();
    expect(bench.document.state).toMatchObject({ status: "error", error: { code: "cancelled" } });
    const again = bench.document.load();
    await settle();
    bench.engines[0]!.opens[1]!.resolve(sampleModel(bench.document.path));
    await again;
    expect(bench.document.state.status).toBe("plan");
    expect(bench.engines[0]!.captures).toHaveLength(0);
  });

  it("below the bar runs at once, all sites", async () => {
    const bench = await asked(3e6);
    expect(bench.engines[0]!.captures[0]).toMatchObject({ sites: null });
  });
});
