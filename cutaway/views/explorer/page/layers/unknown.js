/**
 * A kind that this page cannot compute: its stored numbers are shown, where something answers for them; nothing is made up.
 * @param {string} word
 * @param {import('./layer.js').Shape | undefined} shape  of its output, as the content says
 * @returns {import('./layer.js').Kind}
 */
export function unknown(word, shape) {
  const refuse = () => { throw new Error(`this page does not know the kind of layer ${word}`); };
  return {
    word,
    says: 'a kind of layer that this page does not know: only its numbers are shown',
    shape: () => shape ?? refuse(),
    forward: refuse,
    backward: refuse,
    sources: (s, cell, shapes) => ({ inputs: shapes.map((own) => own.map(() => [0, 0, 1])), weights: {} }),
    field: (s, region, shapes) => shapes.map((own) => own.map(() => [0, 0, 1])),
    terms: refuse,
  };
}
