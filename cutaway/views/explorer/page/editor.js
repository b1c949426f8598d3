/** Changing a weight where it stands: a field over the number; everything behind it follows while one types. */

import { edited } from './edits.js';
import { offset } from './layers/layer.js';

const TENTH = 0.1;
/** Of the largest weight: what one press of an arrow key changes. */

/** @param {HTMLElement} element @returns {{layer: string, weight: string, cell: number[]} | null} */
export function weightAt(element) {
  const [layer, weight, ...cell] = (element.dataset.weight ?? '').split(' ');
  return layer ? { layer, weight, cell: cell.map(Number) } : null;
}

/** @param {import('./app.js').App} app @param {HTMLElement} section  holds cells with `data-weight` */
export function makeEditor(app, section) {
  const field = document.createElement('input');
  Object.assign(field, { type: 'text', inputMode: 'decimal', hidden: true, className: 'editor', spellcheck: false });
  section.append(field);
  /** @type {ReturnType<typeof weightAt>} */
  let at = null;
  let before = app.state.edits;

  /** @param {HTMLElement} cell */
  function start(cell) {
    at = weightAt(cell);
    const weight = at && app.weightsOf(at.layer)?.[at.weight];
    if (!at || !weight) return;
    before = app.state.edits;
    const box = cell.getBoundingClientRect(), around = section.getBoundingClientRect();
    Object.assign(field.style, { left: `${box.left - around.left}px`, top: `${box.top - around.top}px`, width: `${Math.max(64, box.width)}px`, height: `${box.height}px` });
    field.hidden = false;
    field.value = String(Number(weight.data[offset(weight.shape, at.cell)].toPrecision(6)));
    field.setAttribute('aria-label', `${at.layer}.${at.weight}[${at.cell.join(', ')}]`);
    app.change({ weight: at }, 'weight');
    field.focus();
    field.select();
  }

  /** @param {number} value */
  function set(value) {
    if (at && Number.isFinite(value)) app.setEdits(edited(app.state.edits, { ...at, value: Math.fround(value) }));
    field.classList.toggle('wrong', !Number.isFinite(value));
  }

  function stop() {
    if (field.hidden) return;
    field.hidden = true;
    at = null;
  }

  section.addEventListener('click', (event) => {
    const cell = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('[data-weight]')) : null;
    if (cell) start(cell);
  });
  section.addEventListener('keydown', (event) => {
    const cell = event.target instanceof HTMLElement ? event.target : null;
    if (!cell?.dataset.weight) return;
    if (event.key === 'Enter') { event.preventDefault(); return start(cell); }
    const [row, table] = [cell.parentElement, cell.closest('table')], cells = [...(table?.querySelectorAll('[data-weight]') ?? [])], wide = row?.querySelectorAll('[data-weight]').length ?? 1;
    const step = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide })[event.key];
    const next = step && cells[cells.indexOf(cell) + step];
    if (next instanceof HTMLElement) { event.preventDefault(); next.focus(); }
  });
  field.addEventListener('input', () => set(field.value.trim() === '' ? NaN : Number(field.value.replace(',', '.').replace('−', '-'))));
  field.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Enter') return stop();
    if (event.key === 'Escape') { app.setEdits(before); return stop(); }
    const up = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0, weight = at && app.weightsOf(at.layer)?.[at.weight];
    if (!up || !weight) return;
    event.preventDefault();
    const range = weight.data.reduce((top, v) => Math.max(top, Math.abs(v)), 0) || 1, value = Number((Number(field.value) + up * TENTH * range).toPrecision(4));
    field.value = String(value);
    set(value);
  });
  field.addEventListener('blur', stop);
}
