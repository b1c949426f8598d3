/**
 * Terms that lie in a window over maps, as grids: what is drawn follows from the terms alone, never from the kind of
 * layer. The twin of cutaway/views/text/windows.py.
 *
 * @typedef {import('./layers/working.js').Working} Working
 * @typedef {import('./layers/working.js').Term} Term
 * @typedef {(Term | null)[][]} Grid  the terms of one channel, row by row; null where the window hangs over the edge
 * @typedef {{grids: Map<number, Grid>, others: Term[], weighted: boolean}} Window  by channel, and what is outside it (a bias)
 */

/** Rows and columns of the largest window that is drawn (AlexNet's). */
const LARGEST = 11;

/**
 * The window that the terms lie in; null where they do not fill one of at least two cells, or a drawable one.
 * @param {Working} made @param {import('./layers/layer.js').Weights} [weights]  for how large the whole kernel is
 * @returns {Window | null}
 */
export function windowOf(made, weights) {
  /** @type {Map<number, Term[]>} */
  const channels = new Map();
  const others = [];
  for (const term of made.terms) {
    const [first] = term.factors;
    if (first?.of === 'input' && first.cell.length === 3 && !term.formula) {
      const own = channels.get(first.cell[2]);
      if (own) own.push(term); else channels.set(first.cell[2], [term]);
    } else others.push(term);
  }
  if (!channels.size) return null;
  /** @type {Map<number, Grid>} */
  const grids = new Map();
  for (const [channel, terms] of channels) {
    const grid = gridOf(terms, weights);
    if (!grid) return null;
    grids.set(channel, grid);
  }
  return { grids, others, weighted: [...channels.values()][0][0].factors.length > 1 };
}

/** @param {Term[]} terms @param {import('./layers/layer.js').Weights} [weights] @returns {Grid | null} */
function gridOf(terms, weights) {
  const kernel = terms[0].factors[1], size = kernel && weights?.[kernel.of]?.shape;
  if (size && size.length >= 3 && kernel.cell.length === size.length) return inKernel(terms, size);
  const rows = [...new Set(terms.map(({ factors }) => factors[0].cell[0]))], columns = [...new Set(terms.map(({ factors }) => factors[0].cell[1]))];
  if (terms.length < 2 || terms.length !== rows.length * columns.length || Math.max(rows.length, columns.length) > LARGEST) return null;
  return rows.map((_, i) => terms.slice(i * columns.length, (i + 1) * columns.length));
}

/** The whole kernel, with nothing where it hangs over the edge: so every number keeps its place while the window moves. @param {Term[]} terms @param {number[]} size @returns {Grid | null} */
function inKernel(terms, [rows, columns]) {
  if (Math.max(rows, columns) > LARGEST || rows * columns < 2) return null;
  /** @type {Grid} */
  const grid = Array.from({ length: rows }, () => Array(columns).fill(null));
  for (const term of terms) grid[term.factors[1].cell[0]][term.factors[1].cell[1]] = term;
  return grid;
}

/** The terms of a grid that are there. @param {Grid} grid @returns {Term[]} */
export const termsOf = (grid) => /** @type {Term[]} */ (grid.flat().filter(Boolean));

/** What multiplies a cell: a kernel's number, or the product of several. @param {Term} term */
export const weightOf = (term) => term.factors.slice(1).reduce((product, { value }) => product * value, 1);

/** Where one factor of a grid stands: kernel[0..2, 0..2, 0, 3]. @param {Term[]} terms @param {number} number @param {string} name */
export function spanOf(terms, number, name) {
  const cells = terms.map(({ factors }) => factors[number].cell);
  const spans = cells[0].map((_, axis) => {
    const all = cells.map((cell) => cell[axis]), low = Math.min(...all), high = Math.max(...all);
    return low === high ? `${low}` : `${low}…${high}`;
  });
  return spans.length ? `${name}[${spans.join(', ')}]` : name;
}
