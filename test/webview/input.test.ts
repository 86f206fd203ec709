/** What the model runs on: steps, passes, frames, and the Input dialog. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { AttentionError } from "../../src/shared/errors";
import {
  type CaptureAll,
  type Frame,
  type InputState,
  noInputChosen,
  plainRecording,
  type Recording,
} from "../../src/shared/input-choice";
import { openSizes } from "../../src/webview/input/made-up-element";
import { spread } from "../../src/webview/input/episodes-element";
import { causal, readyState } from "./fake-capture";
import { closeApp, drawn, find, findAll, openApp, type OpenApp, settled, textOf } from "./open-app";
import { press } from "./input";

const model = causal(6, 2);

const recorded: Recording = {
  ...plainRecording,
  steps: { name: "step", count: 5, index: 1, labels: ["left", "left", "right", "stay", "right"] },
  values: [{ name: "reward", value: 0.5 }],
};

function state(
  recording: Recording,
  input: Partial<InputState> = {},
  generation = 1,
): ReturnType<typeof readyState> {
  return { ...readyState(model, { recording, generation }), input: { ...noInputChosen, ...input } };
}

async function opened(recording: Recording, input: Partial<InputState> = {}): Promise<OpenApp> {
  const open = await openApp(model, { document: state(recording, input) });
  await drawn(open);
  return open;
}

const steps = (open: OpenApp): ShadowRoot =>
  find(find(open.app, "attention-toolbar").shadowRoot!, "attention-steps").shadowRoot!;
/** Text of a shadow root, in one line. */
const wordsOf = (root: ShadowRoot): string => (root.textContent ?? "").replace(/\s+/g, " ").trim();
const dialog = (open: OpenApp, form: string): ShadowRoot =>
  find(find(open.app, "attention-input").shadowRoot!, form).shadowRoot!;

afterEach(closeApp);

describe("steps", () => {
  it("are gone through by a slider, buttons and keys, from where the person is and not from what is drawn", async () => {
    const open = await opened(recorded);
    expect(textOf(find(steps(open), "output"))).toBe("1 / 4 left");
    open.host.command("nextStep");
    open.host.command("nextStep");
    expect(open.host.choices).toEqual([{ step: 2 }, { step: 3 }]);
    await settled(open.app);
    expect(textOf(find(steps(open), "output"))).toBe("3 / 4 stay");
    open.host.command("previousStep");
    expect(open.host.choices.at(-1)).toEqual({ step: 2 });

    const slider = find(steps(open), "input[type=range]") as HTMLInputElement;
    slider.value = "4";
    slider.dispatchEvent(new Event("input"));
    expect(open.host.choices.at(-1)).toEqual({ step: 4 });
    open.host.command("nextStep");
    expect(open.host.choices).toHaveLength(4);
    await settled(open.app);
    expect(slider.getAttribute("aria-valuetext")).toBe("step 4 of 4: right");

    // What arrives is what is shown.
    open.host.send(
      state({ ...recorded, steps: { ...recorded.steps!, index: 4 } }, { choice: { step: 4 } }, 2),
    );
    await settled(open.app);
    expect(open.session.store.state.wanted).toEqual({ step: null, pass: null, set: {} });
    expect((find(steps(open), "[aria-label='Next step']") as HTMLButtonElement).disabled).toBe(true);
  });

  it("keep the rest of the choice, and the pass", async () => {
    const passes = { name: "denoising pass", count: 10, index: 9 };
    const open = await opened({ ...recorded, passes }, { choice: { episode: 2, pass: 9 } });
    open.session.goTo("pass", 3);
    open.session.goTo("step", 2);
    expect(open.host.choices).toEqual([
      { episode: 2, pass: 3 },
      { episode: 2, pass: 3, step: 2 },
    ]);
    open.session.goTo("pass", 10);
    expect(open.host.choices).toHaveLength(2);
  });

  it("are played to the end, one after the other is drawn, and stop where a person steps in", async () => {
    const open = await opened({ ...recorded, steps: { ...recorded.steps!, index: 3 } });
    open.host.command("play");
    await expect.poll(() => open.host.choices).toEqual([{ step: 4 }]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(open.host.choices, "waits for what it asked for").toHaveLength(1);
    open.host.send(state({ ...recorded, steps: { ...recorded.steps!, index: 4 } }, {}, 2));
    await expect.poll(() => open.session.store.state.playing).toBe(false);

    open.host.command("play");
    expect(open.host.choices.at(-1), "again from the beginning").toEqual({ step: 0 });
    open.host.command("nextStep");
    expect(open.session.store.state.playing).toBe(false);
  });

  it("are captured all at a button's press, with the count, a cancel, and the captured ones on the track", async () => {
    const captured: [number, number][] = [[1, 2]];
    const open = await opened({ ...recorded, steps: { ...recorded.steps!, captured } });
    const all = find(steps(open), "attention-capture-all").shadowRoot!;
    const slider = find(steps(open), "input[type=range]");
    const track = (): string => slider.style.getPropertyValue("--slider-track");
    // Of five places the second: from an eighth to three eighths.
    expect(track()).toContain("var(--vscode-progressBar-background) 12.50%");
    expect(track()).toContain("var(--vscode-progressBar-background) 37.50%");
    const start = find(all, "[aria-label='Capture all steps']") as HTMLButtonElement;
    expect(start.title).toBe("Capture all steps\n1 of 5 steps captured");
    start.click();
    expect(open.host.acts).toEqual(["captureAll step"]);

    const running = (more: Partial<CaptureAll>): Partial<InputState> => ({
      all: { axis: "step", running: true, captured: [[1, 4]], told: null, ...more },
    });
    open.host.send(state(recorded, running({})));
    await settled(open.app);
    expect(textOf(find(all, "[role=progressbar]"))).toBe("3 / 5");
    expect(find(all, "[role=progressbar]").getAttribute("aria-valuetext")).toBe("3 of 5 steps captured");
    expect(track()).toContain("87.50%");
    find(all, "[aria-label='Stop capturing all steps']").click();
    expect(open.host.acts).toEqual(["captureAll step", "stop"]);

    const told = "Stopped with 3 of 5 steps captured.";
    open.host.send(state(recorded, running({ running: false, told })));
    await settled(open.app);
    const status = find(open.app, "attention-input-status").shadowRoot!;
    expect(wordsOf(status)).toBe(`${told} Close`);
    find(status, "vscode-button").click();
    await expect.poll(() => wordsOf(status)).toBe("");

    open.host.send(state(recorded, running({ running: false, captured: [[0, 5]] })));
    await settled(open.app);
    expect((find(all, "[aria-label='Capture all steps']") as HTMLButtonElement).disabled).toBe(true);
    expect(textOf(find(all, "[role=status]"))).toBe("All steps are captured.");
  });

  it("say the word of the one that is shown where there are too many words for all", async () => {
    const many = { name: "step", count: 5000, index: 7, label: "left" };
    const open = await opened({ ...recorded, steps: many });
    expect(textOf(find(steps(open), "output"))).toBe("7 / 4999 left");
    open.session.goTo("step", 8);
    await settled(open.app);
    expect(textOf(find(steps(open), "output"))).toBe("8 / 4999");
  });

  it("are not offered where there is one", async () => {
    const open = await opened({ ...plainRecording, steps: { name: "step", count: 1, index: 0 } });
    expect(findAll(steps(open), "input")).toHaveLength(0);
    open.host.command("nextStep");
    open.host.command("play");
    expect(open.host.choices).toEqual([]);
  });
});

describe("sizes that nobody said", () => {
  it("are told with a click that asks for others", async () => {
    const open = await opened({ ...plainRecording, assumedSizes: { sequence_length: 32 } });
    const bar = findAll(open.app.shadowRoot!, ".bar").find((each) =>
      each.textContent?.includes("sequence_length"),
    )!;
    expect(textOf(bar)).toContain("sequence_length = 32: the model leaves it open.");
    (bar.querySelector("vscode-button") as HTMLElement).click();
    await settled(open.app);
    expect(wordsOf(dialog(open, "attention-made-up"))).toContain("Made up");
  });
});

describe("an adjustable input", () => {
  const adjustable = [
    { input: "returns_to_go", name: "return to go", from: 0, to: 1, step: 0.05, unit: "points", value: 0.75 },
  ];
  const root = (open: OpenApp): ShadowRoot =>
    find(find(open.app, "attention-toolbar").shadowRoot!, "attention-adjust").shadowRoot!;

  const field = (open: OpenApp): HTMLInputElement =>
    find(root(open), "vscode-text-field") as HTMLInputElement;

  it("is a slider with its number, runs once it rests, and keeps the choice and the selection", async () => {
    const open = await opened({ ...recorded, adjustable }, { choice: { episode: "a", step: 1 } });
    const slider = find(root(open), "input[type=range]") as HTMLInputElement;
    expect([slider.min, slider.max, slider.step, slider.value]).toEqual(["0", "1", "0.05", "0.75"]);
    expect(slider.getAttribute("aria-label")).toBe("return to go");
    expect(slider.getAttribute("aria-valuetext")).toBe("0.75 points");
    expect([field(open).value, field(open).getAttribute("aria-label")]).toEqual([
      "0.75",
      "return to go, value in points",
    ]);
    const before = open.app.session.store.state.selection;
    for (const value of ["0.5", "0.3", "0.25"]) {
      slider.value = value;
      slider.dispatchEvent(new Event("input"));
    }
    expect(open.host.choices).toEqual([]);
    await settled(open.app);
    expect(field(open).value).toBe("0.25");
    expect(slider.getAttribute("aria-valuetext")).toBe("0.25 points");
    await vi.waitFor(() =>
      expect(open.host.choices).toEqual([{ episode: "a", step: 1, set: { returns_to_go: 0.25 } }]),
    );
    const moved = [{ ...adjustable[0]!, value: 0.25 }];
    open.host.send(
      state({ ...recorded, adjustable: moved }, { choice: { set: { returns_to_go: 0.25 } } }, 2),
    );
    await drawn(open);
    expect(field(open).value).toBe("0.25");
    expect(open.app.session.store.state.selection).toEqual(before);
  });

  it("is typed: Enter runs it, beyond the slider's end too, Escape and words take it back", async () => {
    const open = await opened({ ...recorded, adjustable });
    const type = (text: string, key: string): void => {
      field(open).value = text;
      press(field(open), key);
    };
    type("3", "Escape");
    expect(field(open).value).toBe("0.75");
    type("much", "Enter");
    expect(field(open).value).toBe("0.75");
    expect(open.host.choices).toEqual([]);
    type("1.5", "Enter");
    expect(open.host.choices).toEqual([{ set: { returns_to_go: 1.5 } }]);
    await settled(open.app);
    field(open).dispatchEvent(new Event("change"));
    expect(open.host.choices, "once").toHaveLength(1);
    const slider = find(root(open), "input[type=range]") as HTMLInputElement;
    expect([slider.value, slider.getAttribute("aria-valuetext")]).toEqual(["1", "1.5 points"]);
  });

  it("goes back to the input's own value", async () => {
    const open = await opened(
      { ...recorded, adjustable },
      { choice: { step: 1, set: { returns_to_go: 0.5 } } },
    );
    find(root(open), "[aria-label='Back to the return to go of the input']").click();
    expect(open.host.choices).toEqual([{ step: 1 }]);
    await closeApp();
    const plain = await opened({ ...recorded, adjustable });
    expect(findAll(root(plain), "button")).toHaveLength(0);
  });

  it("keeps a step that is on its way, and a step keeps its value", async () => {
    const open = await opened({ ...recorded, adjustable }, { choice: { episode: "a" } });
    open.session.goTo("step", 3);
    open.session.adjust({ returns_to_go: 0.5 });
    open.session.goTo("step", 4);
    expect(open.host.choices.slice(1)).toEqual([
      { episode: "a", step: 3, set: { returns_to_go: 0.5 } },
      { episode: "a", step: 4, set: { returns_to_go: 0.5 } },
    ]);
  });

  it("goes back to what is shown where the run fails, and is not there without one", async () => {
    const open = await opened({ ...recorded, adjustable });
    const slider = find(root(open), "input[type=range]") as HTMLInputElement;
    slider.value = "0.1";
    slider.dispatchEvent(new Event("input"));
    await vi.waitFor(() => expect(open.host.choices).toHaveLength(1));
    const problem = new AttentionError("runFailed", "No.").report();
    open.host.send(state({ ...recorded, adjustable }, { problem }));
    await vi.waitFor(() => expect(field(open).value).toBe("0.75"));
    await closeApp();
    const plain = await opened(recorded);
    expect(findAll(root(plain), "input")).toHaveLength(0);
  });
});

describe("another input", () => {
  it("says after a second that it is being captured, and can be cancelled", async () => {
    const open = await opened(plainRecording);
    open.host.send(state(plainRecording, { running: true }));
    await settled(open.app);
    const status = find(open.app, "attention-input-status").shadowRoot!;
    expect(wordsOf(status)).toBe("");
    await expect
      .poll(() => wordsOf(status), { timeout: 3000 })
      .toMatch(/being captured; the one before is shown/);
    find(status, "vscode-button").click();
    expect(open.host.acts).toContain("cancel");
    open.host.send(state(plainRecording));
    await expect.poll(() => wordsOf(status)).toBe("");
  });

  it("of several runs says how far they came, with a button that keeps what there is", async () => {
    const open = await opened(plainRecording);
    const progress = { name: "denoising pass", done: 3, total: 10 };
    open.host.send(state(plainRecording, { running: true, progress }));
    const status = find(open.app, "attention-input-status").shadowRoot!;
    await expect
      .poll(() => wordsOf(status), { timeout: 3000 })
      .toContain("3 of 10 denoising passes captured; the input before is shown.");
    const bar = find(status, "[role=progressbar]");
    expect(["aria-valuenow", "aria-valuemax"].map((name) => bar.getAttribute(name))).toEqual(["3", "10"]);
    expect(textOf(find(status, "[role=status]")), "spoken once").not.toContain("3 of 10");
    const [stop, cancel] = findAll(status, "vscode-button");
    expect(textOf(stop!)).toBe("Stop, keep the denoising passes");
    stop!.click();
    expect(textOf(cancel!)).toBe("Cancel");
    expect(open.host.acts).toEqual(["stop"]);
  });

  it("says why it could not be", async () => {
    const problem = new AttentionError("inputMismatch", "ids wants int64").report();
    const open = await opened(plainRecording, { problem });
    expect(wordsOf(find(open.app, "attention-input-status").shadowRoot!)).toMatch(
      /ids wants int64.*The capture before is shown/,
    );
  });
});

describe("frames", () => {
  const cameras = ["front", "wrist"];
  const png = async (colour: string, width = 8, height = 6): Promise<ArrayBuffer> => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d")!;
    context.fillStyle = colour;
    context.fillRect(0, 0, width, height);
    return (await canvas.convertToBlob()).arrayBuffer();
  };
  const frame = async (generation: number, colour: string): Promise<Frame> => ({
    generation,
    ...{ width: 8, height: 6, recordedWidth: 48, recordedHeight: 36, mime: "image/png" },
    bytes: await png(colour),
  });
  const pane = (open: OpenApp): ShadowRoot => find(open.app, "attention-frames").shadowRoot!;

  it.each([1600, 480])("take no more room than their pictures, %i px wide", async (width) => {
    const bytes = await png("red", 480, 360);
    const open = await openApp(model, {
      ...{ document: state({ ...recorded, cameras }), width, height: 1000 },
      host: (host) => {
        host.frame = async ({ generation }) => ({ ...(await frame(generation, "red")), bytes });
      },
    });
    await drawn(open);
    if (width === 480) find(open.app, "vscode-panel-tab#tab-tokens").click();
    await expect.poll(() => findAll(pane(open), "img").length).toBe(2);
    await settled(open.app);
    for (const image of findAll(pane(open), "img")) {
      const { width: across, height } = image.getBoundingClientRect();
      expect(height).toBe(149);
      expect(across).toBeCloseTo((149 * 480) / 360, 0);
    }
    if (width === 1600)
      expect(find(open.app, "attention-frames").getBoundingClientRect().width).toBeLessThan(2 * 199 + 30);
  });

  it("of all cameras stand beside the tokens, with names and sizes, and follow the step", async () => {
    const open = await openApp(model, {
      document: state({ ...recorded, cameras }),
      host: (host) => {
        host.frame = ({ generation, camera }) => frame(generation, camera === "front" ? "red" : "blue");
      },
    });
    await drawn(open);
    await expect
      .poll(() =>
        findAll(pane(open), "img").filter((image) => (image as HTMLImageElement).naturalWidth === 8),
      )
      .toHaveLength(2);
    expect(findAll(pane(open), "figcaption").map((one) => textOf(one))).toEqual([
      "front · 48 × 36",
      "wrist · 48 × 36",
    ]);
    expect(find(pane(open), "img").getAttribute("alt")).toBe("What front shows, step 1 of 4: left");
    const before = (find(pane(open), "img") as HTMLImageElement).src;
    open.host.send(state({ ...recorded, cameras, steps: { ...recorded.steps!, index: 2 } }, {}, 2));
    await expect.poll(() => (find(pane(open), "img") as HTMLImageElement).src).not.toBe(before);
  });

  it("that cannot be read say so, and there is no pane without cameras", async () => {
    const open = await openApp(model, {
      document: state({ ...recorded, cameras }),
      host: (host) => {
        host.frame = () => Promise.reject(new AttentionError("frameUnreadable"));
      },
    });
    await drawn(open);
    await expect.poll(() => wordsOf(pane(open))).toMatch(/The picture cannot be decoded/);
    closeApp();
    const without = await opened(recorded);
    expect(findAll(without.app, "attention-frames")).toHaveLength(0);
  });
});

describe("the Input dialog", () => {
  const show = async (recording: Recording, input: Partial<InputState> = {}): Promise<OpenApp> => {
    const open = await opened(recording, input);
    open.host.command("showInput");
    await settled(open.app);
    return open;
  };

  it("offers only what the model can take", async () => {
    const open = await show(plainRecording);
    const headings = findAll(find(open.app, "attention-input").shadowRoot!, "section").map((one) =>
      textOf(one),
    );
    expect(headings.join(" ")).not.toMatch(/Text|Images|Episodes/);
    expect(findAll(open.app, "attention-prompt, attention-images, attention-episodes")).toHaveLength(0);
  });

  it("chooses an episode by a condition, and says what is wrong in one", async () => {
    const episode = (name: string, group: string, value: number): Recording["episodes"][number] => ({
      ...{ name, group, steps: 12 },
      fields: { return: value },
    });
    const episodes = [episode("a", "success", 7), episode("b", "failure", 1), episode("c", "success", 9)];
    const open = await show({ ...recorded, episodes, episode: 0 }, { choice: { file: "/data/all.npz" } });
    const form = dialog(open, "attention-episodes");
    const filter = find(form, "vscode-text-field") as HTMLInputElement;
    const type = async (text: string): Promise<void> => {
      filter.value = text;
      filter.dispatchEvent(new Event("input"));
      await settled(open.app);
    };
    expect(findAll(form, ".episode")).toHaveLength(3);
    await type("return > 5");
    expect(findAll(form, ".episode").map((one) => textOf(one))).toEqual([
      "a success · 12 steps · return 7",
      "c success · 12 steps · return 9",
    ]);
    await type("retrun > 5");
    expect(wordsOf(form)).toContain("There is no field retrun; there are name, group, steps, length, return");
    await type("return > 8");
    find(form, ".episode").click();
    expect(open.host.choices).toEqual([{ file: "/data/all.npz", episode: 2 }]);
    await expect.poll(() => open.session.store.state.overlay).toBeNull();
  });

  it("shows the tokens of a prompt while it is typed, and runs it with a second text, going on", async () => {
    vi.useRealTimers();
    const open = await show({ ...plainRecording, tokenizer: "tokenizer.json", generates: true });
    const form = dialog(open, "attention-prompt");
    const area = find(form, "vscode-text-area") as HTMLTextAreaElement;
    area.value = "the cat sat";
    area.dispatchEvent(new Event("input"));
    await expect.poll(() => findAll(form, ".token").map((one) => textOf(one))).toEqual(["the", "cat", "sat"]);
    expect(wordsOf(form)).toContain("3 tokens, by tokenizer.json");
    const tokens = find(form, "vscode-text-field") as HTMLInputElement;
    tokens.value = "8";
    tokens.dispatchEvent(new Event("input"));
    await settled(open.app);
    find(form, "vscode-button").click();
    expect(open.host.choices).toEqual([{ text: "the cat sat", generate: { tokens: 8 } }]);
  });

  it("has two boxes for a pair, with the tokens of both, and leaves an empty one out", async () => {
    const open = await show({ ...plainRecording, tokenizer: "tokenizer.json", secondText: "decoder" });
    const form = dialog(open, "attention-prompt");
    const token = (word: string, id: number) => ({ text: word, raw: word, id, special: false });
    open.host.tokens = ({ text, textPair }) =>
      Promise.resolve({
        tokens: text.split(" ").map(token),
        ...(textPair === null ? {} : { second: textPair.split(" ").map(token) }),
        ...{ from: "tokenizer.json", notices: [] },
      });
    const [first, second] = findAll(form, "vscode-text-area") as HTMLTextAreaElement[];
    expect([first, second].map((one) => one!.getAttribute("aria-label"))).toEqual([
      "Text for the encoder",
      "What the decoder begins with",
    ]);
    const type = (area: HTMLTextAreaElement, text: string): void => {
      area.value = text;
      area.dispatchEvent(new Event("input"));
    };
    type(first!, "a b");
    await settled(open.app);
    find(form, "vscode-button").click();
    expect(open.host.choices).toEqual([{ text: "a b" }]);
    await expect.poll(() => open.session.store.state.overlay).toBeNull();
    open.host.command("showInput");
    await settled(open.app);
    const again = dialog(open, "attention-prompt");
    const areas = findAll(again, "vscode-text-area") as HTMLTextAreaElement[];
    type(areas[0]!, "a b");
    type(areas[1]!, "c d e");
    await expect
      .poll(() => findAll(again, "[aria-label='Tokens of the decoder'] .token").map((one) => textOf(one)))
      .toEqual(["c", "d", "e"]);
    find(again, "vscode-button").click();
    expect(open.host.choices.at(-1)).toEqual({ text: "a b", textPair: "c d e" });
  });

  it("makes a batch of several prompts, of which one can be taken away again", async () => {
    const open = await show({ ...plainRecording, tokenizer: "tokenizer.json" });
    const form = dialog(open, "attention-prompt");
    const area = find(form, "vscode-text-area") as HTMLTextAreaElement;
    const button = (words: string): HTMLElement =>
      findAll(form, "button").find((one) => textOf(one) === words)!;
    const type = async (text: string): Promise<void> => {
      area.value = text;
      area.dispatchEvent(new Event("input"));
      await settled(open.app);
    };
    await type("one");
    button("Another prompt").click();
    await settled(open.app);
    expect((find(form, "vscode-button") as HTMLButtonElement).disabled, "an empty one").toBe(true);
    await type("two");
    button("Another prompt").click();
    await settled(open.app);
    await type("three");
    find(form, "[aria-label='Prompt 1']").click();
    await settled(open.app);
    expect(area.value).toBe("two");
    button("Remove this one").click();
    await settled(open.app);
    expect(area.value).toBe("three");
    find(form, "vscode-button").click();
    expect(open.host.choices).toEqual([{ text: ["one", "three"] }]);
  });

  it("keeps the episode, the step and the pictures beside another text, and the text beside another picture", async () => {
    const both: Recording = {
      ...recorded,
      ...{ tokenizer: "tokenizer.json", imageInputs: ["left", "right"] },
      episodes: [{ name: "a", group: null, steps: 5, fields: {} }],
    };
    const choice = { file: "/data/all.npz", episode: 0, step: 3 };
    const open = await show(both, { choice });
    const area = find(dialog(open, "attention-prompt"), "vscode-text-area") as HTMLTextAreaElement;
    area.value = "put it down";
    area.dispatchEvent(new Event("input"));
    await settled(open.app);
    find(dialog(open, "attention-prompt"), "vscode-button").click();
    const texted = { ...choice, text: "put it down" };
    expect(open.host.choices).toEqual([texted]);

    const document = state(both, { choice: texted }, 2);
    document.capture = { ...document.capture, input: { ...document.capture.input, from: "file" } };
    open.host.send(document);
    await drawn(open);
    open.host.command("showInput");
    await settled(open.app);
    const form = dialog(open, "attention-images");
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(5)], "cat.png", { type: "image/png" }));
    // Pasted anywhere in the dialog.
    window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
    await expect.poll(() => textOf(findAll(form, ".drop")[0]!)).toContain("cat.png");
    expect(wordsOf(form)).toContain("The others stay as they are recorded.");
    const run = findAll(form, "vscode-button").at(-1) as HTMLButtonElement;
    expect(run.disabled).toBe(false);
    run.click();
    expect(open.host.choices.at(-1)).toEqual({ ...texted, images: { left: "/kept/cat.png" } });
  });

  it("takes samples of those that meet the condition", async () => {
    const episodes = Array.from({ length: 30 }, (_, at) => ({
      ...{ name: `e${at}`, group: null, steps: null },
      fields: { return: at },
    }));
    const open = await show({ ...plainRecording, episodes, samples: { count: 30, shown: [0] } });
    const form = dialog(open, "attention-episodes");
    const filter = find(form, "vscode-text-field") as HTMLInputElement;
    expect(filter.getAttribute("aria-label")).toBe("Condition over the fields of the episodes");
    filter.value = "return >= 15";
    filter.dispatchEvent(new Event("input"));
    await settled(open.app);
    expect(wordsOf(form)).toContain("1 of 30 make up the batch that is shown. 15 meet the condition.");
    findAll(form, "button")
      .find((one) => textOf(one) === "The first 10")!
      .click();
    expect(open.host.choices).toEqual([{ samples: [15, 16, 17, 18, 19, 20, 21, 22, 23, 24] }]);
  });

  it("offers as many samples as the manifest says, until a person says another number", async () => {
    const open = await show({ ...plainRecording, samples: { count: 30, shown: [0], usual: 4 } });
    const form = dialog(open, "attention-episodes");
    const number = find(form, "vscode-text-field.number") as HTMLInputElement;
    expect(number.value).toBe("4");
    expect(wordsOf(form)).toContain("The first 4");
    number.value = "7";
    number.dispatchEvent(new Event("input"));
    await settled(open.app);
    expect(wordsOf(form)).toContain("7 spread over all");
  });

  it("goes on writing about an image, where the model writes", async () => {
    const open = await show({ ...plainRecording, imageInputs: ["pixel_values"], generates: true });
    const form = dialog(open, "attention-images");
    open.host.browsed = "/pictures/dog.jpg";
    find(form, "vscode-button").click();
    await expect.poll(() => textOf(find(form, ".drop"))).toContain("dog.jpg");
    const tokens = find(form, "vscode-text-field") as HTMLInputElement;
    tokens.value = "5";
    tokens.dispatchEvent(new Event("input"));
    await settled(open.app);
    findAll(form, "vscode-button").at(-1)!.click();
    expect(open.host.choices).toEqual([
      { images: { pixel_values: "/pictures/dog.jpg" }, generate: { tokens: 5 } },
    ]);
  });

  it("takes images that are dropped or chosen, and runs when all are there", async () => {
    const open = await show({ ...plainRecording, imageInputs: ["left", "right"] });
    const form = dialog(open, "attention-images");
    const places = findAll(form, ".drop");
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(5)], "cat.png", { type: "image/png" }));
    places[0]!.dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    await expect.poll(() => textOf(places[0]!)).toContain("cat.png");
    expect(open.host.acts).toContain("keep cat.png 5");
    open.host.browsed = "/pictures/dog.jpg";
    find(places[1]!, "vscode-button").click();
    await expect.poll(() => textOf(places[1]!)).toContain("dog.jpg");
    await settled(open.app);
    findAll(form, "vscode-button").at(-1)!.click();
    expect(open.host.choices).toEqual([{ images: { left: "/kept/cat.png", right: "/pictures/dog.jpg" } }]);
  });

  it("makes an input up with the sizes that the model leaves open, and offers what was used before", async () => {
    const recent = [{ choice: { text: "before" }, label: "“before”" }];
    const open = await show(plainRecording, { recent });
    find(find(open.app, "attention-input").shadowRoot!, ".recent button").click();
    expect(open.host.choices).toEqual([{ text: "before" }]);
    await expect.poll(() => open.session.store.state.overlay).toBeNull();
    open.host.command("showInput");
    await settled(open.app);
    const form = dialog(open, "attention-made-up");
    const seed = find(form, "vscode-text-field") as HTMLInputElement;
    seed.value = "7";
    seed.dispatchEvent(new Event("input"));
    find(form, "vscode-button").click();
    expect(open.host.choices.at(-1)).toEqual({ synthetic: { seed: 7 } });
  });

  it("knows the open sizes of a model, and spreads samples", () => {
    const inputs = [
      { name: "ids", dtype: "int64", dims: ["batch", "t"] },
      { name: "mask", dtype: "int64", dims: ["batch", 3, null] },
      { name: "both", dtype: "int64", dims: ["batch", "past + t"] },
      { name: "past", dtype: "int64", dims: ["past"] },
    ];
    expect(openSizes({ inputs })).toEqual(["batch", "t", "past"]);
    expect(spread(100, 4)).toEqual([0, 25, 50, 75]);
    expect(spread(3, 3)).toEqual([0, 1, 2]);
  });
});
