import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

test("the package is installed: its commands are in the palette, and the files are listed", async () => {
  const workbench = await openVscode(
    Workspace.empty().write("notes.txt", "nothing").write("weights.pt", "x"),
  );

  expect(await workbench.explorer.names()).toEqual(["notes.txt", "weights.pt"]);
  expect(await workbench.palette.find("Attention: ")).toContain("Attention: Visualize Attention");
  expect(await workbench.explorer.menuOf("weights.pt")).toContain("Visualize Attention");
  await workbench.screenshot("installed");
  workbench.expectHealthy();
});
