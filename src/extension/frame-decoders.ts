/** The views of a model that can decode a frame of a video for its engine. */
import { AttentionError } from "../shared/errors";
import type { DecodedFrame, EncodedFrame } from "../shared/video-frame";
import type { Disposable } from "./disposable";

export interface FrameDecoder {
  /** Whether its page is there, or will be: a page that is hidden decodes nothing. */
  readonly visible: boolean;
  decodeFrame(encoded: EncodedFrame): Promise<DecodedFrame>;
}

export class FrameDecoders {
  readonly #decoders = new Set<FrameDecoder>();

  add(decoder: FrameDecoder): Disposable {
    this.#decoders.add(decoder);
    return { dispose: () => this.#decoders.delete(decoder) };
  }

  /** Asks one visible view after the other; the last answer counts where none decodes it. */
  async decodeFrame(encoded: EncodedFrame): Promise<DecodedFrame> {
    let last: DecodedFrame = { status: "refused", why: "no view is shown, whose browser would decode it" };
    for (const decoder of [...this.#decoders]) {
      if (!decoder.visible) continue;
      try {
        last = await decoder.decodeFrame(encoded);
      } catch (thrown) {
        // It was closed or hidden meanwhile, or does not answer: another may.
        const { message } = AttentionError.wrap(thrown);
        last = { status: "refused", why: `the view did not answer (${message})` };
      }
      if (last.status === "decoded") return last;
    }
    return last;
  }
}
