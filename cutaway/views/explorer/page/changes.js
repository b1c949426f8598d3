/**
 * What changes, and who draws it again: all that changed within a frame is drawn once. The ground of `App` and `Lab`.
 * @template {string} What  what can change
 */
export class Changes {
  constructor() {
    /** @type {Set<(what: Set<What>) => void>} */
    this.listeners = new Set();
    /** What waits to be drawn. @type {Set<What>} */
    this.changed = new Set();
    this.frame = 0;
  }

  /** @param {(what: Set<What>) => void} listener */
  listen(listener) { this.listeners.add(listener); }

  /** Draws again what depends on this, in the next frame. @param {...What} what */
  tell(...what) {
    what.forEach((one) => this.changed.add(one));
    this.frame ||= requestAnimationFrame(() => this.refresh());
  }

  /** Draws now what is waiting to be drawn; one panel that fails leaves the others standing. */
  refresh() {
    this.frame = 0;
    if (!this.changed.size) return;
    const what = this.changed;
    this.changed = new Set();
    this.prepare(what);
    for (const listen of this.listeners) {
      try {
        listen(what);
      } catch (error) {
        console.error(error);
        this.report(new Error(`part of this page failed: ${/** @type {Error} */ (error).message}`));
      }
    }
  }

  /** Computes what is due before it is drawn. @param {Set<What>} what */
  prepare(what) { void what; }

  /** Says what went wrong. @param {Error | null} error */
  report(error) { void error; }
}
