/** `attention-lens capture examples/<each>/model.onnx`, with nothing else said, equals what the framework computed. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type NamedArray, readNpz } from "../../../src/inputs/arrays";
import { root, temporaryFolder } from "../engine/harness";

const read = (file: string) => readNpz(readFileSync(file), path.basename(file));
const numbers = ({ data }: NamedArray) => Float64Array.from(data as Float32Array);

/** The part of a map that the fixture holds of it. */
type Part = (map: NamedArray, wanted: NamedArray) => Float64Array;
const whole: Part = (map) => numbers(map);
/** Every tenth key from key 9 on: the fixture is thinned. */
const everyTenth: Part = (map) =>
  numbers(map).filter((_, index) => (index % (map.dims.at(-1) ?? 1)) % 10 === 9);

interface Example {
  readonly name: string;
  readonly sites: number;
  readonly part?: Part;
  /** The array of the fixture for a site, where it is not of the site's name; the steps before the first are its axis. */
  readonly named?: (site: string, index: number) => string;
}

const examples: readonly Example[] = [
  { name: "decision-transformer", sites: 2 },
  { name: "algorithm-distillation", sites: 4, part: everyTenth },
  { name: "ego-attention-dqn", sites: 1 },
  { name: "player-encoder", sites: 9 },
  // The last of the ten passes is shown first; the prefix is the same in all of them.
  { name: "vla-pi0", sites: 7, named: (site, index) => (index < 3 ? site : `tenth/${site}`) },
];

test.each(examples)("$name", ({ name, sites, part = whole, named = (site) => site }) => {
  const out = path.join(temporaryFolder(), "maps.npz");
  const model = path.join(root, `examples/${name}/model.onnx`);
  execFileSync(
    process.execPath,
    [path.join(root, "bin/attention-lens.mjs"), "capture", model, "--out", out],
    { stdio: "ignore" },
  );
  const [maps, reference] = [read(out), read(path.join(root, `test/fixtures/${name}/reference.npz`))];
  expect(maps.size).toBe(sites);
  [...maps.keys()].forEach((site, index) => {
    const [map, wanted] = [maps.get(site)!, reference.get(named(site, index))!];
    const cells = part(map, wanted);
    // Where the fixture holds several steps, the first is captured.
    const expected = numbers(wanted).subarray(0, cells.length);
    expect(wanted.dims.slice(1, -1), site).toEqual(map.dims.slice(1, -1));
    expect(cells.length, site).toBeGreaterThan(0);
    expect(expected.length, site).toBe(cells.length);
    const largest = cells.reduce((most, cell, at) => Math.max(most, Math.abs(cell - expected[at]!)), 0);
    expect(largest, site).toBeLessThan(1e-5);
  });
});
