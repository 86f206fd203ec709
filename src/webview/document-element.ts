/** Base of elements that show what the document says, and what of its input is on its way. */
import { LitElement } from "lit";
import { property } from "lit/decorators.js";
import type { Session } from "./session";
import { StoreController } from "./store";

export abstract class DocumentElement extends LitElement {
  @property({ attribute: false }) session!: Session;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document, wanted }) => [document, wanted],
    );
  }
}
