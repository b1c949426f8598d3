/** The probability of each class from what the net says: as cutaway/model/outputs.py. @param {'one' | 'two' | 'each'} kind @param {import('./net.js').Layer} output @param {import('./layers/layer.js').Tensor} said @returns {number[]} */
export function probabilitiesOf(kind, output, said) {
  const numbers = Array.from(said.data);
  if (output.kind.word === 'logsoftmax') return numbers.map(Math.exp);
  return kind === 'two' ? [1 - numbers[0], numbers[0]] : numbers;
}

/** The cell of the output in which a class stands. @param {'one' | 'two' | 'each'} kind @param {number} index */
export const cellOfClass = (kind, index) => [kind === 'two' ? 0 : index];
