/** What a run would take is told without running it, and fewer sites take less. */
import path from "node:path";
import { expect, test } from "vitest";
import { slowRun, transformer } from "../../../bench/models";
import { exampleModel, newClient, onCpu, temporaryFolder } from "./harness";

test("a plan tells memory, maps and what the view is sent, as the capture then has them", async () => {
  const client = newClient();
  await client.open(exampleModel, "full");
  const plan = (await client.plan(onCpu))!;
  const capture = await client.capture(onCpu);
  const [all, one] = plan.choices;
  expect(plan.input).toBe("recorded.npz");
  expect(plan.largest).toEqual([17, 17]);
  expect(all).toMatchObject({ sites: null, siteCount: 2, heads: 8, mapBytes: capture.mapBytes });
  expect(all!.viewBytes).toBe(8 * 17 * 17);
  expect(one).toMatchObject({ sites: ["site_000"], siteCount: 1, heads: 4, mapBytes: capture.mapBytes / 2 });
  expect(one!.memoryBytes).toBeLessThan(all!.memoryBytes);
  expect(plan.freeBytes).toBeGreaterThan(1e6);
});

test("it offers sites that are spread over a deep model, each by an id that a capture takes", async () => {
  const folder = temporaryFolder();
  const { file } = transformer(folder, { layers: 12, heads: 2, width: 16, tokens: 8 });
  const client = newClient();
  await client.open(file, "full");
  const plan = (await client.plan(onCpu))!;
  expect(plan.choices.map((choice) => choice.siteCount)).toEqual([12, 6, 1]);
  const capture = await client.capture({ ...onCpu, sites: plan.choices[1]!.sites });
  expect(capture.sites.map(({ index }) => index)).toEqual([0, 2, 4, 7, 9, 11]);
});

test("planning runs nothing: a run of seconds is planned at once", async () => {
  const { file } = slowRun(path.join(temporaryFolder(), "slow"), 400);
  const client = newClient();
  await client.open(file, "full");
  const begun = performance.now();
  await client.plan(onCpu);
  expect(performance.now() - begun).toBeLessThan(2000);
});
