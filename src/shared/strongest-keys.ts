/** The keys that a query attends to most. */

/** Indices of the largest probabilities, largest first; masked and NaN are none. */
export function strongestKeys(cells: Float32Array, most: number): number[] {
  const best: number[] = [];
  cells.forEach((p, index) => {
    if (!(p > 0)) return;
    let place = best.length;
    while (place > 0 && (cells[best[place - 1] ?? 0] ?? 0) < p) place--;
    if (place >= most) return;
    best.splice(place, 0, index);
    if (best.length > most) best.pop();
  });
  return best;
}
