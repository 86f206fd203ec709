// Where things are in a clone. Works before `npm ci`: Node's own modules only.
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** Things that take long to make and are made once: VS Code, a browser, a staged package. */
export const cache = path.join(root, ".cache");
/** What a run leaves for people: reports, pictures, results of tests. */
export const out = path.join(root, "out");
/** The examples, and the model that `npm start` opens. */
export const examples = path.join(root, "examples");
export const exampleModel = path.join(examples, "decision-transformer", "model.onnx");

/** This machine as npm's packages and VS Code's targets name it: "linux-x64". */
export const platform = `${process.platform}-${process.arch}`;
