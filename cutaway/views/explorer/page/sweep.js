/**
 * The guess over the whole range of a slider, drawn above it: one line per class, named where it leads. Computed in short
 * slices after a moment of quiet: the guess of the picture itself comes first.
 *
 * @typedef {import('./picture.js').Move} Move
 * @typedef {{canvas: HTMLCanvasElement, move: Move, shares: number[][], key: string, stale: boolean}} Plot
 */

import { probabilitiesOf } from './guesses.js';
import { pictureOf } from './picture.js';

/** Points of a plot; ms of work in a slice; of quiet before the first. */
const POINTS = 37, BUDGET = 7, QUIET = 60;
/** ms a point from which on every third point comes first, and is all there is. */
const SLOWER = 4, SLOW = 30;
/** A plot that is still to be computed again after this many ms steps back. */
const PATIENCE = 400;
/** A class has a line where it leads somewhere, or from this share on; so many at most. */
const SEEN = 0.25, LINES = 8;
/** The thumb of a slider is as wide as twice this. */
const EDGE = 5.5;
const NAME = 16;

/**
 * @param {import('./app.js').App} app
 * @param {() => {sheet: import('./picture.js').Sheet, moves: import('./picture.js').Moves, version: number}} now  `version` counts what the sheet shows
 */
export function makeSweeps(app, now) {
  /** @type {Plot[]} */
  let plots = [];
  let job = 0, timer = 0, nets = 0, pace = 0;

  /** What a plot depends on: the sheet, the net and the other sliders, not its own. @param {Plot} plot */
  function keyOf({ move }) {
    const { moves, version } = now();
    return [version, nets, ...plots.filter((other) => other.move.name !== move.name).map((other) => moves[other.move.name])].join();
  }

  /** Plots that are out of date are computed again, in a moment: of a net that takes its time, every third point of all of them first. */
  function update() {
    const mine = ++job;
    clearTimeout(timer);
    if (app.content.remote || !app.stages[app.output.name]) return;
    const queue = plots.filter((plot) => plot.key !== keyOf(plot)), old = new Set(queue), asked = performance.now();
    if (!queue.length) return;
    /** @type {Map<Plot, number[][]>} */
    const fresh = new Map(queue.map((plot) => [plot, Array(POINTS)]));
    /** @type {{plot: Plot, stride: number, last: boolean}[] | null} */
    let passes = null;
    let n = 0;
    timer = setTimeout(function slice() {
      const began = performance.now();
      if (began - asked > PATIENCE) for (const plot of old) if (!plot.stale && plot.shares.length) { plot.stale = true; draw(plot); }
      if (!pace) guessAt(queue[0].move, 0);
      passes ??= strides(pace).flatMap((stride, pass, all) => queue.map((plot) => ({ plot, stride, last: pass === all.length - 1 })));
      while (mine === job && passes.length && performance.now() - began < BUDGET) {
        const [{ plot, stride, last }] = passes, shares = /** @type {number[][]} */ (fresh.get(plot));
        shares[n] ??= guessAt(plot.move, n);
        n += stride;
        if (n < POINTS) continue;
        n = 0;
        passes.shift();
        old.delete(plot);
        Object.assign(plot, { shares: shares.filter((_, at) => at % stride === 0), stale: false, key: last ? keyOf(plot) : '' });
        draw(plot);
      }
      if (mine === job && passes.length) timer = setTimeout(slice, 0);
    }, QUIET);
  }

  /** @param {Move} move @param {number} n  the point */
  function guessAt(move, n) {
    const { sheet, moves } = now(), began = performance.now(), { output } = app;
    const stages = app.stagesOf(pictureOf(sheet, { ...moves, [move.name]: move.min + ((move.max - move.min) * n) / (POINTS - 1) }));
    const shares = probabilitiesOf(app.content.kind, output, stages[output.name]);
    pace += (performance.now() - began - pace) / (pace ? 4 : 1);
    return shares;
  }

  /** @param {Plot} plot */
  function draw(plot) {
    const { canvas, move, shares } = plot, { ink, grey, line, accent, density } = app.look, wide = canvas.clientWidth, high = canvas.clientHeight;
    const context = canvas.getContext('2d');
    if (!context || !wide) return;
    if (canvas.width !== Math.round(wide * density) || canvas.height !== Math.round(high * density)) [canvas.width, canvas.height] = [Math.round(wide * density), Math.round(high * density)];
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, wide, high);
    const along = (/** @type {number} */ value) => EDGE + ((value - move.min) / (move.max - move.min)) * (wide - 2 * EDGE);
    const value = now().moves[move.name], here = along(value), last = shares.length - 1;
    rule(context, line, [along(move.rest), high - 3, along(move.rest), high]);
    rule(context, line, [EDGE, high - 0.5, wide - EDGE, high - 0.5]);
    rule(context, accent, [here, 12, here, high]);
    canvas.setAttribute('aria-label', shares.length ? `the guess over the range: ${inWords(move, shares, app.classes)}` : 'the guess over the range is not computed yet');
    if (!shares.length) return;
    context.globalAlpha = plot.stale ? 0.35 : 1;
    const x = (/** @type {number} */ n) => EDGE + (n / last) * (wide - 2 * EDGE), y = (/** @type {number} */ share) => high - 1.5 - share * (high - 14);
    const guess = leader(shares[Math.round(((value - move.min) / (move.max - move.min)) * last)]), leaders = shares.map(leader);
    const lines = linesOf(shares, leaders).sort((a, b) => Number(b === guess) - Number(a === guess));
    for (const k of [...lines].reverse()) {
      context.strokeStyle = k === guess ? ink : grey;
      context.lineWidth = k === guess ? 1.6 : 1;
      context.beginPath();
      shares.forEach((share, n) => context.lineTo(x(n), y(share[k])));
      context.stroke();
    }
    context.font = `10px ${getComputedStyle(canvas).fontFamily}`;
    context.textAlign = 'left';
    /** @type {[number, number][]} */
    const taken = [];
    for (const k of lines) {                                                                // named in the middle of the longest stretch where it leads
      const stretch = longest(leaders, k);
      if (!stretch) continue;
      const name = short(app.classes[k]), half = context.measureText(name).width / 2, at = Math.max(half, Math.min(wide - half, x((stretch[0] + stretch[1]) / 2)));
      if (taken.some(([from, to]) => at - half < to + 3 && at + half > from - 3)) continue;
      taken.push([at - half, at + half]);
      context.fillStyle = k === guess ? ink : grey;
      context.fillText(name, at - half, 9);
    }
    context.globalAlpha = 1;
  }

  return {
    update,
    /** Draws the plot of one slider, or all. @param {string} [name] */
    draw(name) { for (const plot of plots) if (!name || plot.move.name === name) draw(plot); },
    /** Other edits, another epoch. */
    otherNet() { nets += 1; },
    /** @param {{canvas: HTMLCanvasElement, move: Move}[]} list */
    set(list) { plots = list.map((one) => ({ ...one, shares: [], key: '', stale: false })); },
  };
}

/** Every how many points are computed, pass after pass. @param {number} pace  ms a point */
const strides = (pace) => (pace > SLOW ? [3] : pace > SLOWER ? [3, 1] : [1]);

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number[]} ends */
function rule(context, colour, [x0, y0, x1, y1]) {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** The class with the largest share. @param {number[]} shares */
function leader(shares) {
  let best = 0;
  for (let k = 1; k < shares.length; k++) if (shares[k] > shares[best]) best = k;
  return best;
}

/** The classes that have a line: those that lead somewhere, and those that come near. @param {number[][]} shares @param {number[]} leaders */
function linesOf(shares, leaders) {
  const tops = shares[0].map((_, k) => shares.reduce((top, share) => Math.max(top, share[k]), 0)), leading = new Set(leaders);
  return tops.map((_, k) => k).filter((k) => leading.has(k) || tops[k] > SEEN).sort((a, b) => Number(leading.has(b)) - Number(leading.has(a)) || tops[b] - tops[a]).slice(0, LINES);
}

/** The longest run of points at which a class leads. @param {number[]} leaders @param {number} k @returns {[number, number] | null} */
const longest = (leaders, k) => runs(leaders).filter((run) => run.k === k).reduce((/** @type {[number, number] | null} */ best, { from, to }) => (best && best[1] - best[0] >= to - from ? best : [from, to]), null);

/** @param {number[]} leaders */
function runs(leaders) {
  /** @type {{k: number, from: number, to: number}[]} */
  const found = [];
  leaders.forEach((k, n) => {
    const last = found[found.length - 1];
    if (last?.k === k) last.to = n; else found.push({ k, from: n, to: n });
  });
  return found;
}

/** "0 from −90° to −60°, then 7 to 25°, then 2 to 90°" @param {Move} move @param {number[][]} shares @param {string[]} classes */
export function inWords(move, shares, classes) {
  const value = (/** @type {number} */ n) => move.show(Number((move.min + ((move.max - move.min) * n) / (shares.length - 1)).toFixed(move.step < 0.1 ? 2 : move.step < 1 ? 1 : 0)));
  const all = runs(shares.map(leader));
  return all.map(({ k, from, to }, n) => `${n ? 'then ' : ''}${classes[k]} ${n ? '' : from === to ? 'at ' : `from ${value(from)} `}${n || from < to ? 'to ' : ''}${value(to)}`).join(', ');
}

/** @param {string} name */
const short = (name) => (name.length > NAME ? `${name.slice(0, NAME - 1)}…` : name);
