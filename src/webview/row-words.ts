/** A row in words: of one query by its token, or the mean over those of a segment. */
import type { TokenAxis } from "../shared/capture";
import { tokenLabel } from "../shared/format";
import type { Row, RowQuery } from "../shared/page";
import { isMean, meanName, rowCountWords } from "../shared/query-choice";
import { axesOf, pinnedMean, rowOf } from "./selectors";
import type { AppState } from "./state";

/** "gust", "mean of state". */
export function rowName(query: RowQuery, axis: TokenAxis, longest = 32): string {
  return typeof query === "number"
    ? tokenLabel(axis.labels[query] ?? String(query), longest)
    : tokenLabel(meanName(axis, query), longest + 8);
}

/** "query 3", "the mean of state". */
export function rowPhrase(query: RowQuery, axis: TokenAxis): string {
  return typeof query === "number" ? `query ${query}` : `the ${tokenLabel(meanName(axis, query), 60)}`;
}

/** Which rows a mean is of, in brackets; "" for the row of one query. */
export function rowsWords(row: Pick<Row, "of">): string {
  return row.of ? ` (${rowCountWords(row.of)})` : "";
}

/** "mean of state (12 rows)" where a mean is pinned; "" where none is. Of rows on their way it counts those asked for. */
export function pinnedMeanWords(state: AppState): string {
  const queries = pinnedMean(state);
  const axis = axesOf(state)?.query;
  if (!isMean(state.selection.query) || !queries || !axis) return "";
  const row = rowOf(state);
  const of = row?.query === queries ? row.of : undefined;
  return `${rowName(queries, axis)} (${rowCountWords(of ?? { rows: queries.length, masked: 0, flagged: 0 })})`;
}
