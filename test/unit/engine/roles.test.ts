/** Roles in a capture are those of its maps, counted here anew, and leave with its files. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, test } from "vitest";
import { exampleModel, newClient, onCpu, temporaryFolder } from "./harness";
import { capturedMaps, example } from "./reference-maps";

/** Shares of the mass on the diagonal and on the key before the query. */
function counted(map: ArrayLike<number>, queries: number, keys: number) {
  let total = 0;
  const at = { self: 0, "previous token": 0 };
  for (let query = 0; query < queries; query++) {
    for (let key = 0; key < keys; key++) {
      const p = map[query * keys + key]!;
      total += p;
      if (key === query) at.self += p;
      if (key === query - 1) at["previous token"] += p;
    }
  }
  return { self: at.self / total, "previous token": at["previous token"] / total };
}

describe.each(["player-encoder", "decision-transformer"])("%s", (name) => {
  it("has a head's role where its own map passes the threshold, and nowhere else", async () => {
    const { capture, maps } = await capturedMaps(example(name).model, null);
    let told = 0;
    for (const site of capture.sites) {
      expect(site.roles).toHaveLength(site.batch);
      const size = site.queries * site.keys;
      for (let head = 0; head < site.heads; head++) {
        const names = site.roles[0]![head]!.map((role) => role.name);
        const map = Float32Array.from(maps.get(site.id)!.data as Float32Array).subarray(
          head * size,
          (head + 1) * size,
        );
        const shares = counted(map, site.queries, site.keys);
        for (const role of ["self", "previous token"] as const) {
          expect(names.includes(role), `${site.id} head ${head} ${role}`).toBe(
            site.kind === "self" && shares[role] >= 0.4,
          );
        }
        told += names.length;
      }
    }
    expect(told).toBeGreaterThan(0);
  });
});

test("roles leave as a column of the CSV and a list in the JSON", async () => {
  const client = newClient();
  await client.open(exampleModel, "full");
  const capture = await client.capture(onCpu);
  const folder = temporaryFolder();
  const [csv, json] = [path.join(folder, "a.csv"), path.join(folder, "a.json")];
  await client.writeData({ format: "csv", file: csv, command: "" });
  await client.writeData({ format: "json", file: json, command: "" });
  const names = capture.sites.map((site) => site.roles[0]!.map((head) => head.map((role) => role.name)));
  const document = JSON.parse(readFileSync(json, "utf8")) as { sites: { roles: string[][] }[] };
  expect(document.sites.map((site) => site.roles)).toEqual(names);
  const rows = readFileSync(csv, "utf8")
    .split("\n")
    .filter((line) => line && !line.startsWith("#"));
  expect(rows[0]!.endsWith(",role")).toBe(true);
  expect(rows.slice(1).map((row) => row.includes("sink: first token"))).toEqual(
    names.flat().map((head) => head.includes("sink: first token")),
  );
});
