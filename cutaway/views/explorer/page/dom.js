/** Markup whose holes are text, never HTML: names of classes and files come from outside. */
export class Markup {
  /** @param {string} text */
  constructor(text) { this.text = text; }
}

/** @param {unknown} value @returns {string} */
const filled = (value) => {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(filled).join('');
  if (value === null || value === undefined || value === false) return '';
  return String(value).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);
};

/** html`<b>${name}</b>`: markup in a hole stays markup, lists are joined, everything else is text. @param {TemplateStringsArray} parts @param {...unknown} holes */
export const html = (parts, ...holes) => new Markup(parts.reduce((text, part, n) => text + filled(holes[n - 1]) + part));

/** @param {Element} element @param {Markup} markup */
export const put = (element, markup) => { element.innerHTML = markup.text; };

/** The one element that a selector names; it has to be there. @template {Element} [T=HTMLElement] @param {ParentNode} root @param {string} selector @returns {T} */
export function find(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return /** @type {T} */ (found);
}

/** The numbers of an attribute: data-cell="3 4 0". @param {HTMLElement} element @param {string} name @returns {number[]} */
export const numbers = (element, name) => (element.dataset[name] ?? '').split(' ').filter(Boolean).map(Number);
