/** Keeps what a window shows as a picture of the documentation. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { repository } from "../e2e/harness/workspace";
import type { Workbench } from "../e2e/pages/workbench";

const folder = path.join(repository, "docs", "images");

/** `docs/images/<name>.png`, the view alone or with the window around it, in 8 bits a pixel. */
export async function picture(
  workbench: Workbench,
  name: string,
  part: "view" | "window" = "view",
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // What moves comes to rest, and the pointer goes where nothing answers to it.
  await workbench.page.mouse.move(2, 2);
  await workbench.page.waitForTimeout(700);
  const shown = part === "window" ? workbench.page : workbench.page.locator("iframe.webview.ready:visible");
  await sharp(await shown.screenshot())
    // A browser without a screen leaves holes where it composes canvases: the ground of the editor fills them.
    .flatten({ background: "#1f1f1f" })
    .png({ palette: true, colours: 255, effort: 10 })
    .toFile(path.join(folder, `${name}.png`));
}
