/** Recorded arrays in the Input dialog: which array of a file each input is given. */
import { userEvent } from "vitest/browser";
import { afterEach, describe, expect, it } from "vitest";
import type { ArrayChoice } from "../../src/shared/array-mapping";
import { AttentionError } from "../../src/shared/errors";
import { type InputState, noInputChosen, plainRecording } from "../../src/shared/input-choice";
import { someArrays } from "./fake-arrays";
import { causal, readyState } from "./fake-capture";
import { closeApp, drawn, find, findAll, openApp, type OpenApp, settled, textOf } from "./open-app";

const model = causal(6, 2);
const file = "/data/other.npz";

async function shown(
  list: () => ArrayChoice,
  input: Partial<InputState> = {},
): Promise<{ open: OpenApp; form: ShadowRoot }> {
  const document = {
    ...readyState(model, { recording: plainRecording }),
    input: { ...noInputChosen, ...input },
  };
  document.capture = { ...document.capture, input: { ...document.capture.input, from: "file" } };
  const open = await openApp(model, { document });
  open.host.browsed = file;
  open.host.arrays = ({ arrays }) => Promise.resolve({ ...list(), ...(arrays ? { problem: null } : {}) });
  await drawn(open);
  open.host.command("showInput");
  await settled(open.app);
  return { open, form: find(open.app, "attention-arrays").shadowRoot! };
}

const button = (form: ShadowRoot, words: string): HTMLElement =>
  findAll(form, "vscode-button").find((one) => textOf(one) === words)!;
const dropdown = (form: ShadowRoot, input: string): HTMLInputElement =>
  find(form, `[data-input="${input}"]`) as HTMLInputElement;
const rows = (form: ShadowRoot): string[] =>
  findAll(form, "tbody tr").map(
    (row) =>
      `${textOf(row.querySelector("th")!)} | ${(row.querySelector("vscode-dropdown") as HTMLInputElement).value} | ${textOf(row.querySelector(".why")!)}`,
  );

async function chosenFile(list: () => ArrayChoice, input?: Partial<InputState>): ReturnType<typeof shown> {
  const at = await shown(list, input);
  button(at.form, "Choose a file…").click();
  await expect.poll(() => at.open.host.listed.length).toBeGreaterThan(0);
  await settled(at.open.app);
  return at;
}

afterEach(closeApp);

describe("a file of arrays", () => {
  it("runs at once where each input has an array of its name", async () => {
    const { open } = await chosenFile(() => ({ ...someArrays(), problem: null }));
    await expect.poll(() => open.host.choices).toEqual([{ file }]);
    expect(open.session.store.state.overlay).toBeNull();
  });

  it("runs with the mapping that was made for such a file before", async () => {
    const arrays = { action: "Action", state: "observation", seen: "steps_after" };
    const remembered = { names: [], arrays, from: "first.npz" };
    const { open } = await chosenFile(() => ({ ...someArrays(), remembered }));
    await expect.poll(() => open.host.choices).toEqual([{ file, arrays }]);
  });

  it("that cannot be read says so in the dialog", async () => {
    const { open, form } = await shown(someArrays);
    open.host.arrays = () => Promise.reject(new AttentionError("fileUnreadable", "It is no archive."));
    button(form, "Choose a file…").click();
    await expect.poll(() => textOf(find(form, "[role=status]"))).toContain("It is no archive.");
    expect(open.host.choices).toEqual([]);
  });

  it("that is dropped is kept and read", async () => {
    const { open, form } = await shown(() => ({ ...someArrays(), problem: null }));
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(5)], "dropped.npz"));
    find(form, ".drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    await expect.poll(() => open.host.choices).toEqual([{ file: "/kept/dropped.npz" }]);
  });
});

describe("the table of inputs and arrays", () => {
  it("has what is called alike, what is suggested and marked so, and what is still to choose", async () => {
    const { open, form } = await chosenFile(someArrays);
    expect(rows(form)).toEqual(
      [
        "timesteps int64 [batch, T] | timesteps | by its name",
        "action float32 [batch, T, 4] | Action | suggested a name like it · converted from float64, 40 samples along its first axis",
        "state float32 [batch, T, 17] | observation | suggested the only one that fits",
        "seen int64 [batch, T] | | still to choose",
        "past_key_values.0.key float32 [batch, 4, past, 16] | | begins empty",
      ].map((row) => row.replace("| |", "|  |")),
    );
    expect(open.host.choices, "nothing runs by itself").toEqual([]);
    expect(textOf(findAll(form, ".row").at(-1)!)).toContain("1 still to choose");
    const words = findAll(dropdown(form, "state"), "vscode-option").map((one) => textOf(one));
    expect(words[1]).toBe("observation · float32 [1, 12, 17]");
    expect(words.at(-1)).toBe("camera · uint8 [1, 64, 64, 3]: rank 4 instead of 3");
    const disabled = findAll(dropdown(form, "state"), "vscode-option").map((one) =>
      one.hasAttribute("disabled"),
    );
    expect(disabled).toEqual([false, false, true, true, true, true, true]);
  });

  it("is filled in by keyboard, and runs what is in it", async () => {
    const { open, form } = await chosenFile(someArrays);
    const seen = dropdown(form, "seen");
    expect(seen.getAttribute("aria-label")).toBe("Array for seen, still to choose");
    seen.focus();
    // The first that fits is the array of another input, which may be given twice.
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}");
    await expect.poll(() => seen.value).toBe("steps_after");
    await expect.poll(() => seen.getAttribute("aria-label")).toBe("Array for seen, chosen");
    const run = button(form, "Run") as HTMLButtonElement;
    await expect.poll(() => run.disabled).toBe(false);
    expect(open.host.listed.at(-1)!.arrays).toEqual({
      action: "Action",
      state: "observation",
      seen: "steps_after",
    });
    run.focus();
    await userEvent.keyboard("{Enter}");
    await expect
      .poll(() => open.host.choices)
      .toEqual([{ file, arrays: { action: "Action", state: "observation", seen: "steps_after" } }]);
  });

  it("says why the arrays do not go together, and does not run them", async () => {
    const { open, form } = await chosenFile(someArrays);
    const words =
      "The input seen wants int64 [batch, T]; the recording has int64 [1, 9]: axis 1 (T) is 9, but 12 in timesteps.";
    open.host.arrays = () => Promise.resolve({ ...someArrays(), problem: words });
    const seen = dropdown(form, "seen");
    seen.value = "steps_before";
    seen.dispatchEvent(new Event("change"));
    await expect.poll(() => textOf(find(form, "[role=status]"))).toBe(words);
    expect((button(form, "Run") as HTMLButtonElement).disabled).toBe(true);
  });

  it("is there on request for what is shown, with its mapping, and keeps the rest of the choice", async () => {
    const arrays = { action: "Action", state: "observation", seen: "steps_before" };
    const { open, form } = await shown(someArrays, { choice: { file, arrays, episode: 2 } });
    button(form, "Map arrays…").click();
    await expect.poll(() => rows(form)[3]).toBe("seen int64 [batch, T] | steps_before | chosen");
    const seen = dropdown(form, "seen");
    seen.value = "steps_after";
    seen.dispatchEvent(new Event("change"));
    const run = button(form, "Run") as HTMLButtonElement;
    await expect.poll(() => run.disabled).toBe(false);
    run.click();
    expect(open.host.choices).toEqual([{ file, episode: 2, arrays: { ...arrays, seen: "steps_after" } }]);
  });
});
