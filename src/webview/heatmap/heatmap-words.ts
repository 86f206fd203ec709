/** The sentence of the map, for its image role. */
import type { CapturedSite, TokenAxis } from "../../shared/capture";
import type { HeadChoice, Page } from "../../shared/page";
import { headTitle } from "../../shared/site-names";
import { cellFigure, cellKindLabels, isScore } from "../cell-kinds";
import { token } from "../cell-words";
import { pageFacts } from "./page-facts";

/** What the picture shows: shape, strongest pair, masked rows. `followed` names the pinned mean of rows, else is "". */
export function mapSentence(
  title: string,
  site: CapturedSite,
  head: HeadChoice,
  axes: { query: TokenAxis; key: TokenAxis },
  page: Page | null,
  followed = "",
): string {
  const shape = `${site.queries} queries by ${site.keys} keys`;
  const what = page && isScore(page.what) ? `, ${cellKindLabels[page.what ?? "probability"]},` : "";
  const opening = `Attention${what} of ${title}, ${headTitle(head, site)}: ${shape}.`;
  if (!page) return opening;
  const { strongest, maskedRows, flagged } = pageFacts(page);
  const whole = page.queryEnd - page.queryStart >= site.queries && page.keyEnd - page.keyStart >= site.keys;
  const parts = [opening];
  if (strongest) {
    const pair = `${token(axes.query, strongest.query)} to ${token(axes.key, strongest.key)}`;
    const near = page.rowFactor > 1 || page.columnFactor > 1 ? "at or just after " : "";
    const where = whole ? "Strongest pair" : "Strongest visible pair";
    parts.push(`${where} ${near}${pair}, ${cellFigure(strongest.p, page.what)}.`);
  }
  if (maskedRows > 0) {
    const unit = page.rowFactor > 1 ? `blocks of ${page.rowFactor} rows` : "rows";
    parts.push(`${maskedRows} ${unit} fully masked.`);
  }
  if (flagged > 0) parts.push(`${flagged} cells are not a number.`);
  if (followed !== "") parts.push(`Beside the map: the ${followed}.`);
  return parts.join(" ");
}
