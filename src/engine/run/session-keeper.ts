/**
 * The session of the last run, kept: a step, another sample or another prompt then costs a run and not a load. It is
 * used again only for a model that is the same byte for byte.
 */
import { createHash } from "node:crypto";
import type * as Ort from "onnxruntime-node";
import type { Piece } from "../../onnx/pieces";

export class SessionKeeper {
  #kept: { readonly key: string; readonly session: Ort.InferenceSession } | undefined;

  /** The kept session of these pieces, loaded in the same way (`how`: the provider and what else decides it), else one that `create` makes, after the kept one is let go. */
  async get(
    how: string,
    pieces: readonly Piece[],
    create: () => Promise<Ort.InferenceSession>,
  ): Promise<{ session: Ort.InferenceSession; kept: boolean }> {
    const key = keyOf(how, pieces);
    if (this.#kept?.key === key) return { session: this.#kept.session, kept: true };
    await this.release();
    const session = await create();
    this.#kept = { key, session };
    return { session, kept: false };
  }

  get holds(): boolean {
    return this.#kept !== undefined;
  }

  /** Gives the kept session's memory back. */
  async release(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    await kept?.session.release().catch(() => undefined);
  }
}

function keyOf(how: string, pieces: readonly Piece[]): string {
  const hash = createHash("sha256").update(how);
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) hash.update(`|${piece.length}:`).update(piece);
    else hash.update(`|${piece.start}-${piece.end}`);
  }
  return hash.digest("hex");
}
