/** Rotary position embedding inside an operator. https://arxiv.org/abs/2104.09864 */
import type { Subgraph } from "../../../onnx/subgraph";
import { pick, tail } from "./pieces";

export interface Rotary {
  /** Tables at the places of the tokens, [B, 1, T, r / 2]. */
  readonly cos: string;
  readonly sin: string;
  /** r / 2. */
  readonly half: number;
  /** Neighbours are pairs, and not channel c and c + r / 2. */
  readonly interleaved: boolean;
  /** Channels before the first that is turned. */
  readonly offset?: number;
}

/** [B, H, T, d] with r channels of each token turned; the others stay. */
export function rotated(graph: Subgraph, states: string, rotary: Rotary): string {
  const { cos, sin, half, interleaved, offset = 0 } = rotary;
  const middle = offset + half;
  const end = middle + half;
  const before = offset === 0 ? [] : [graph.slice(states, 3, 0, offset)];
  const rest = tail(graph, states, 3, end);
  const turn = (a: string, b: string): [string, string] => [
    graph.sub(graph.mul(a, cos), graph.mul(b, sin)),
    graph.add(graph.mul(b, cos), graph.mul(a, sin)),
  ];
  if (!interleaved) {
    const turned = turn(graph.slice(states, 3, offset, middle), graph.slice(states, 3, middle, end));
    return graph.concat([...before, ...turned, rest], 3);
  }
  const part = graph.slice(states, 3, offset, end);
  const leading = graph.slice(graph.op("Shape", [part]), 0, 0, 3);
  const pairs = graph.op("Reshape", [part, graph.concat([leading, graph.ints(half, 2)], 0)]);
  const turned = turn(pick(graph, pairs, 4, 0), pick(graph, pairs, 4, 1)).map((each) =>
    graph.unsqueeze(each, 4),
  );
  const together = graph.op("Reshape", [graph.concat(turned, 4), graph.op("Shape", [part])]);
  return graph.concat([...before, together, rest], 3);
}
