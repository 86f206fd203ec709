/** What a call of a local function is known by, and why one is not copied. */

/** Why the functions of a model are not copied. */
export class NotCopied extends Error {}

/** What a node calls, and what a function is called by. */
export function keyOf(each: {
  readonly domain: string;
  readonly overload: string;
  readonly name?: string;
  readonly opType?: string;
}): string {
  return JSON.stringify([each.domain, each.opType ?? each.name, each.overload]);
}
