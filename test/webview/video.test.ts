/** A frame of a video for an input, decoded by the browser. Frame n of frames.webm is grey 16 + 9 n, 12 a second. */
import { afterEach, describe, expect, it } from "vitest";
import { noInputChosen, plainRecording } from "../../src/shared/input-choice";
import { openVideo } from "../../src/webview/input/browser-video";
import { causal, readyState } from "./fake-capture";
import { closeApp, drawn, find, findAll, openApp, type OpenApp, settled, textOf } from "./open-app";

const fixture = async (name: string): Promise<ArrayBuffer> =>
  (await fetch(new URL(`../fixtures/lerobot/${name}`, import.meta.url))).arrayBuffer();

/** The first pixel of a PNG. */
async function firstPixel(png: ArrayBuffer): Promise<{ width: number; height: number; grey: number }> {
  const bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d")!;
  context.drawImage(bitmap, 0, 0);
  return { width: bitmap.width, height: bitmap.height, grey: context.getImageData(5, 5, 1, 1).data[0]! };
}

afterEach(closeApp);

describe("a video in the view", () => {
  it("is decoded by the browser: at each time the frame that is shown then", async () => {
    const video = await openVideo(new Blob([await fixture("frames.webm")]), "frames.webm");
    expect([video.width, video.height]).toEqual([48, 32]);
    expect(video.seconds).toBeCloseTo(2, 1);
    for (const n of [0, 23, 7, 8, 15]) {
      // In the middle of the time that a frame is shown for.
      await video.seek((n + 0.5) / 12);
      const { grey, ...size } = await firstPixel(await video.picture());
      expect(size).toEqual({ width: 48, height: 32 });
      expect(Math.abs(grey - (16 + 9 * n)), `frame ${n}: ${grey}`).toBeLessThanOrEqual(4);
    }
    video.close();
  });

  it("that the browser cannot decode says so, and what to do", async () => {
    const bytes = new Blob([new TextEncoder().encode("no video at all")]);
    await expect(openVideo(bytes, "no.mp4")).rejects.toMatchObject({
      code: "frameUnreadable",
      where: "no.mp4",
      detail: expect.stringMatching(/^The browser cannot decode this video: .+\.$/) as string,
      fix: expect.stringMatching(/ffmpeg -i video.mp4 -c:v libvpx-vp9 video.webm/) as string,
    });
  });
});

describe("a frame of a video for an input", () => {
  const model = causal(6, 2);
  const open = async (): Promise<{ open: OpenApp; form: ShadowRoot }> => {
    const recording = { ...plainRecording, imageInputs: ["front"] };
    const app = await openApp(model, {
      document: { ...readyState(model, { recording }), input: noInputChosen },
    });
    await drawn(app);
    app.host.command("showInput");
    await settled(app.app);
    const form = find(find(app.app, "attention-input").shadowRoot!, "attention-images").shadowRoot!;
    return { open: app, form };
  };
  const inVideo = (form: ShadowRoot): ShadowRoot => find(form, "attention-video").shadowRoot!;

  it("is taken at the time that is looked at, kept as a picture, and run", async () => {
    const { open: app, form } = await open();
    app.host.browsed = "/data/frames.webm";
    app.host.video = await fixture("frames.webm");
    findAll(form, "vscode-button")
      .find((one) => textOf(one).includes("Of a video"))!
      .click();
    await expect.poll(() => findAll(form, "attention-video")).toHaveLength(1);
    await expect.poll(() => findAll(inVideo(form), "video")).toHaveLength(1);
    expect(app.host.acts).toContain("browse video");
    const slider = find(inVideo(form), "input[type=range]") as HTMLInputElement;
    slider.value = String(10.5 / 12);
    slider.dispatchEvent(new Event("input"));
    await settled(app.app);
    expect(textOf(find(inVideo(form), "output"))).toMatch(/^0\.8[78] \/ 2\.0\d s · 48 × 32 px$/);
    find(inVideo(form), "vscode-button").click();
    await expect.poll(() => app.host.kept).toHaveLength(1);
    expect(Math.abs((await firstPixel(app.host.kept[0]!)).grey - (16 + 9 * 10))).toBeLessThanOrEqual(4);
    await settled(app.app);
    findAll(form, "vscode-button").at(-1)!.click();
    expect(app.host.choices).toEqual([
      { images: { front: expect.stringMatching(/^\/kept\/frames\.webm at 0\.8[78] s\.png$/) as string } },
    ]);
  });

  it("is asked for by its number where the browser does not play the video", async () => {
    const { open: app, form } = await open();
    app.host.browsed = "/data/clip.mp4";
    app.host.video = new TextEncoder().encode("no video").buffer;
    findAll(form, "vscode-button")
      .find((one) => textOf(one).includes("Of a video"))!
      .click();
    await expect.poll(() => findAll(form, "attention-video")).toHaveLength(1);
    await expect.poll(() => textOf(find(inVideo(form), "[role=alert]"))).toMatch(/cannot decode this video/);
    const number = find(inVideo(form), "vscode-text-field") as HTMLInputElement;
    number.value = "12";
    number.dispatchEvent(new Event("input"));
    find(inVideo(form), "vscode-button").click();
    expect(app.host.choices).toEqual([{ video: { file: "/data/clip.mp4", frame: 12, input: "front" } }]);
  });

  it("of a video that was dropped is decoded without a file", async () => {
    const { open: app, form } = await open();
    const data = new DataTransfer();
    data.items.add(new File([await fixture("frames.webm")], "dropped.webm", { type: "video/webm" }));
    find(form, ".drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    await expect.poll(() => findAll(form, "attention-video")).toHaveLength(1);
    await expect.poll(() => findAll(inVideo(form), "video")).toHaveLength(1);
    expect(app.host.acts).not.toContain("browse video");
  });
});
