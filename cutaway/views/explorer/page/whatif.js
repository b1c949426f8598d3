/** What if: layers switched off or replaced, weights changed; everything undone; kept as a model of its own. */

import { find, html, put } from './dom.js';
import { edited, inWords, replacements } from './edits.js';

/** @param {import('./app.js').App} app @param {HTMLElement} root */
export function makeWhatIf(app, root) {
  put(root, html`<h2>What if</h2><p class="lede">Click a number of a kernel or a weight in the working above and type another, or change the layer that is looked at. Everything behind it follows.</p><p class="layer"></p><ol class="edits"></ol><p class="acts"><button class="text undo">undo the last</button> <button class="text undo-all">undo all</button> ${app.content.served ? html`<button class="text keep">keep it as a model folder</button>` : ''} <span class="said" role="status"></span></p>`);
  const acts = find(root, '.acts');

  /** Whether the layer can pass its input on: then it has the same shape. @param {import('./net.js').Layer} layer */
  const passes = (layer) => layer !== app.output && app.shapes[layer.inputs[0]].join() === app.shapes[layer.name].join();

  root.addEventListener('click', async (event) => {
    const button = event.target instanceof HTMLElement ? event.target : root, { layer = '', kind, place } = button.dataset, { edits } = app.state;
    if (button.matches('.undo')) app.setEdits(edits.slice(0, -1));
    else if (button.matches('.undo-all')) app.setEdits([]);
    else if (button.matches('.off')) app.setEdits(edited(edits, { layer, off: true }));
    else if (button.matches('.on')) app.setEdits(edits.filter((edit) => edit.layer !== layer || 'weight' in edit));
    else if (kind) app.setEdits(edited(edits, { layer, kind }));
    else if (place) app.setEdits(edits.filter((_, n) => n !== Number(place)));
    else if (button.matches('.keep')) {
      const said = find(root, '.said');
      said.textContent = 'writing …';
      const answer = await app.question({ ask: 'save', edits, name: `${app.content.title}-edited` }).catch((error) => ({ message: { error: error.message } }));
      said.textContent = answer.message.error ?? `kept in ${answer.message.folder}`;
    }
  });

  return function show() {
    const { edits } = app.state, layer = app.layer(app.state.pin.layer), own = layer && app.given.net[layer.index];
    const changed = layer && edits.some((edit) => edit.layer === layer.name && !('weight' in edit));
    put(find(root, '.layer'), html`${layer && own ? html`<b>${layer.name}</b>: ${changed ? html`<button class="text on" data-layer="${layer.name}">as it was, ${own.text}</button>` : html`${passes(layer) ? html`<button class="text off" data-layer="${layer.name}">switch it off</button> ` : ''}
      ${replacements(own.kind.word).map((word) => html`<button class="text" data-layer="${layer.name}" data-kind="${word}">${word} instead</button> `)}${!passes(layer) && !replacements(own.kind.word).length ? html`<span class="quiet">it cannot be left out, since its shape differs from what comes in; its weights can be changed</span>` : ''}`}` : ''}`);
    put(find(root, '.edits'), html`${edits.map((edit, n) => html`<li>${inWords(edit)} <button class="text" data-place="${n}" aria-label="undo ${inWords(edit)}">undo</button></li>`)}`);
    acts.hidden = !edits.length;
  };
}
