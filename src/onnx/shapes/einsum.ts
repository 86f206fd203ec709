/** The letters of an Einsum. https://onnx.ai/onnx/operators/onnx__Einsum.html */
import type { Node } from "../model";

/** An Einsum names an axis by one letter. */
const MAX_EQUATION = 1_000;

/**
 * Letters of an Einsum equation: one string per operand and one for the result. An ellipsis becomes capitals, as many
 * as the operands' ranks leave for it; undefined where a rank is needed and not known.
 */
export function einsumLetters(
  node: Node,
  ranks: readonly (number | undefined)[],
): { operands: string[]; result: string } | undefined {
  const equation = node.attributes.get("equation")?.string?.replace(/\s/g, "");
  if (!equation || equation.length > MAX_EQUATION) return undefined;
  const [left = "", right] = equation.split("->");
  const written = left.split(",");
  const hidden = written.map((operand, index) => {
    if (!operand.includes("...")) return 0;
    const rank = ranks[index];
    return rank === undefined ? NaN : rank - (operand.length - 3);
  });
  const most = Math.max(0, ...hidden);
  if (!(most >= 0 && most <= 16) || hidden.some((count) => !(count >= 0))) return undefined;
  const capitals = "ABCDEFGHIJKLMNOP".slice(0, most);
  const fill = (text: string, count: number) => text.replace("...", capitals.slice(most - count));
  const operands = written.map((operand, index) => fill(operand, hidden[index] ?? 0));
  const once = (letter: string) => operands.join("").split(letter).length === 2;
  const implied = () =>
    capitals + [...new Set(operands.join("").replace(/[A-P]/g, ""))].filter(once).sort().join("");
  return { operands, result: right === undefined ? implied() : fill(right, most) };
}
