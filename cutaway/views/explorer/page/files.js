/**
 * Pictures from outside: files that are dropped, chosen or pasted, and the webcam. As cutaway/pictures decodes them: the
 * orientation tag is honoured, what is transparent lies on white, of an animation the first picture counts.
 *
 * @typedef {import('./layers/layer.js').Shape} Shape
 * @typedef {{shape: Shape, pixels: Uint8Array}} Pixels
 */

import { KINDS } from './layers/index.js';
import { tensor } from './layers/layer.js';
import { shrinking } from './picture.js';

/** The longer side of what is worked with, and of a frame of the webcam; rows of a file that are opened at a time; bytes of a file. */
const MOST = 1024, FRAME = 320, SLAB = 256, BYTES = 320e6;
/** Milliseconds from one frame to the next, at least. */
const EVERY = 100;

/** A file as pixels; what is wrong with it, in one line. @param {Blob} file @param {string} name @returns {Promise<Pixels>} */
export async function decode(file, name) {
  const wrong = (/** @type {string} */ why) => new Error(`${name} ${why}. A JPEG, PNG, WebP, GIF, BMP or AVIF works.`);
  if (!file.size) throw wrong('is empty');
  if (file.size > BYTES) throw wrong('is larger than 320 MB');
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image', colorSpaceConversion: 'none' });
  } catch {
    throw wrong(/^(text|application|audio|video)\//.test(file.type) ? 'is not a picture' : 'cannot be read as a picture');
  }
  try {
    return pixelsOf(bitmap, bitmap.width, bitmap.height, MOST);
  } catch {
    throw wrong(`is too large to be opened here, with ${bitmap.width} × ${bitmap.height} pixels`);
  } finally {
    bitmap.close();
  }
}

/** @param {CanvasImageSource} source @param {number} width @param {number} height @param {number} most  its longer side may be @returns {Pixels} */
function pixelsOf(source, width, height, most) {
  const less = Math.min(1, most / Math.max(width, height)), high = Math.max(1, Math.round(height * less)), wide = Math.max(1, Math.round(width * less));
  const canvas = document.createElement('canvas'), rows = Math.min(SLAB, height);
  [canvas.width, canvas.height] = [width, rows];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no canvas');
  const smaller = shrinking([height, width, 3], [high, wide]);
  for (let top = 0; top < height; top += rows) {
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, rows);
    context.drawImage(source, 0, -top);
    const { data } = context.getImageData(0, 0, width, Math.min(rows, height - top));
    for (let start = 0; start < data.length; start += width * 4) smaller.row(data, start, 4);
  }
  return plain({ shape: [high, wide, 3], pixels: smaller.bytes() });
}

/** A picture without any colour has one channel. @param {Pixels} picture @returns {Pixels} */
function plain({ shape: [height, width], pixels }) {
  for (let n = 0; n < pixels.length; n += 3) if (pixels[n] !== pixels[n + 1] || pixels[n] !== pixels[n + 2]) return { shape: [height, width, 3], pixels };
  return { shape: [height, width, 1], pixels: pixels.filter((_, n) => n % 3 === 0) };
}

/** A picture as the net takes it, where it does not take any; and what was done to it. @param {Shape} input  of the net; 0 = any @param {Pixels} picture */
export function fitted([height, width, depth], picture) {
  let made = tensor(picture.shape, Float32Array.from(picture.pixels));
  const done = [];
  if (depth === 1 && made.shape[2] === 3) { made = KINDS.grey.forward({}, [made], {}); done.push('made grey'); }
  if (depth === 3 && made.shape[2] === 1) made = KINDS.colour.forward({}, [made], {});
  const size = { height: height || made.shape[0], width: width || made.shape[1], how: 'crop' };
  if (made.shape[0] !== size.height || made.shape[1] !== size.width) {
    if (made.shape[0] * size.width !== made.shape[1] * size.height) done.push('cut to its middle');
    made = KINDS.resize.forward(size, [made], {});
    done.push(`resized to ${size.height} × ${size.width}`);
  }
  return { picture: { shape: made.shape, pixels: Uint8Array.from(made.data) }, done: done.join(', ') };
}

/** The pictures of a drop or of a clipboard. @param {DataTransfer | null} data @returns {File[]} */
export const filesOf = (data) => [...(data?.files ?? [])];

/** What to say where there is no webcam. @param {unknown} error */
function refusal(error) {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'The webcam was refused: the browser asks again once this page may use it.';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'There is no webcam here.';
  if (name === 'NotReadableError') return 'The webcam is in use by another program.';
  return 'This page cannot use a webcam: it needs an address that starts with https or localhost.';
}

/** @param {{frame: (picture: Pixels) => void, ended: (said: string) => void}} tell */
export function makeWebcam({ frame, ended }) {
  const video = document.createElement('video');
  video.muted = video.playsInline = true;
  let on = false, timer = 0, turn = 0;
  /** @type {MediaStream | null} */
  let stream = null;

  async function start() {
    if (on) return;
    on = true;
    const mine = ++turn;
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new Error('none');
      const given = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: FRAME }, height: { ideal: (FRAME * 3) / 4 } }, audio: false });
      if (mine !== turn) return given.getTracks().forEach((track) => track.stop());          // stopped while it was asked for
      stream = given;
      stream.getVideoTracks()[0]?.addEventListener('ended', () => { if (mine === turn) stop('The webcam was unplugged.'); });
      video.srcObject = stream;
      await video.play();
      next();
    } catch (error) {
      if (mine === turn) stop(refusal(error));
    }
    return undefined;
  }

  function next() {
    if (!on) return;
    const began = performance.now();
    if (video.videoWidth) frame(pixelsOf(video, video.videoWidth, video.videoHeight, FRAME));
    timer = setTimeout(next, Math.max(EVERY - (performance.now() - began), 20));
  }

  function stop(said = '') {
    if (!on) return;
    on = false;
    turn += 1;
    clearTimeout(timer);
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    ended(said);
  }

  return { start, stop, get on() { return on; } };
}
