/**
 * The only interface to the outside is what anywidget gives a widget; this stands in for it in a page of its own: a
 * single file, or one that a server answers for.
 *
 * @typedef {object} Host
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {(event: string, callback: (...given: any[]) => void) => void} on
 * @property {(event: string, callback?: (...given: any[]) => void) => void} off
 * @property {() => void} save_changes
 * @property {(message: any, callbacks?: any, buffers?: ArrayBufferView[]) => void} send
 */

import explorer from './main.js';

const AGAIN = 1500;
/** Milliseconds until a lost server is tried again. */

/** A host that holds the content; `send` goes nowhere unless something is given for it. @param {any} content @param {(message: any, buffers: ArrayBufferView[]) => void} [send] @returns {Host & {emit: (event: string, ...given: any[]) => void}} */
function hostOf(content, send = () => {}) {
  /** @type {Map<string, Set<(...given: any[]) => void>>} */
  const callbacks = new Map();
  const state = /** @type {Record<string, any>} */ ({ content });
  return {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    on: (event, callback) => { (callbacks.get(event) ?? callbacks.set(event, new Set()).get(event))?.add(callback); },
    off: (event, callback) => { if (callback) callbacks.get(event)?.delete(callback); else callbacks.delete(event); },
    save_changes: () => {},
    send: (message, _, buffers = []) => send(message, buffers),
    emit: (event, ...given) => callbacks.get(event)?.forEach((callback) => callback(...given)),
  };
}

/** One frame: the length of the message, the message as JSON with the sizes of its buffers, the buffers. @param {any} message @param {ArrayBufferView[]} buffers */
function packed(message, buffers) {
  const head = new TextEncoder().encode(JSON.stringify({ ...message, sizes: buffers.map(({ byteLength }) => byteLength) }));
  const frame = new Uint8Array(4 + head.length + buffers.reduce((sum, { byteLength }) => sum + byteLength, 0));
  new DataView(frame.buffer).setUint32(0, head.length, true);
  frame.set(head, 4);
  let at = 4 + head.length;
  for (const { buffer, byteOffset, byteLength } of buffers) {
    frame.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return frame;
}

/** @param {ArrayBuffer} frame */
function unpacked(frame) {
  const length = new DataView(frame).getUint32(0, true), message = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 4, length)));
  let at = 4 + length;
  const buffers = message.sizes.map((/** @type {number} */ size) => new DataView(frame.slice(at, (at += size))));
  return { message, buffers };
}

/** A host whose messages go to the server that gave the page. It says when the server is gone, and comes back by itself. @param {any} content */
function served(content) {
  /** @type {WebSocket} */
  let socket;
  /** @type {Uint8Array<ArrayBuffer>[]} */
  let waiting = [];
  const host = hostOf(content, (message, buffers) => {
    const frame = packed(message, buffers);
    if (socket.readyState === WebSocket.OPEN) socket.send(frame); else waiting.push(frame);
  });
  const connect = () => {
    socket = new WebSocket(new URL('socket', location.href.split('#')[0]).href.replace(/^http/, 'ws'));
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      waiting.forEach((frame) => socket.send(frame));
      waiting = [];
      host.emit('msg:custom', { tell: 'open' }, []);
    };
    socket.onmessage = ({ data }) => {
      const { message, buffers } = unpacked(data);
      host.emit('msg:custom', message, buffers);
    };
    socket.onclose = () => {
      waiting = [];
      host.emit('msg:custom', { tell: 'closed' }, []);
      setTimeout(connect, AGAIN);
    };
  };
  connect();
  return host;
}

async function start() {
  const inside = document.getElementById('content');
  const content = inside ? JSON.parse(inside.textContent ?? '') : await (await fetch('content')).json();
  document.title = `${content.title}: cutaway`;
  await explorer.render({ model: content.served ? served(content) : hostOf(content), el: document.body });
  document.querySelector('.opening')?.remove();
}

start().catch((error) => {
  const line = document.createElement('p');
  line.textContent = `This page cannot be shown: ${error.message}. Open it again with cutaway open.`;
  document.body.append(line);
});
