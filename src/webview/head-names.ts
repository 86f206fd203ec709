/** How a site and its heads are spoken of. */
import type { Site } from "../shared/model";
import { headTitle } from "../shared/site-names";

/** "decoder layer 1 head 2", "input_decoder head 0". */
export function spokenHead(
  site: Pick<Site, "component" | "layer" | "name" | "averaged">,
  head: number,
): string {
  const layer = site.layer === null ? "" : ` layer ${site.layer}`;
  const component = site.component ?? (site.layer === null ? site.name : "");
  return `${component}${layer} ${headTitle(head, site)}`.trim();
}
