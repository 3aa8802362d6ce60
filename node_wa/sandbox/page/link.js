/**
 * The socket to the sandbox: frames in and out, questions with answers, and coming back after a drop. Says `open`, `close`,
 * and `frame:<type>` for each frame.
 */
import { Events } from './models.js';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 3_000;
const ANSWER_MS = 15_000;

/** @typedef {{resolve: (value: any) => void, timer: number}} Question */

export class Link extends Events {
  /** @type {WebSocket | null} */
  #socket = null;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer = 0;
  #wanted = false;
  #q = 0;
  /** @type {Map<number, Question>} */
  #questions = new Map();

  connect() {
    this.#wanted = true;
    clearTimeout(this.#retryTimer);
    if (this.#socket) return;
    const socket = new WebSocket(`wss://${location.host}/ws/chat`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.trigger('open');
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => this.#closed();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Closes for good, until `connect`. */
  disconnect() {
    this.#wanted = false;
    this.#socket?.close();
  }

  #closed() {
    this.#socket = null;
    this.trigger('close');
    if (!this.#wanted) return;
    this.#retryTimer = window.setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  /** @param {any} frame */
  #receive(frame) {
    if (frame.t !== 're') return this.trigger(`frame:${frame.t}`, frame);
    const question = this.#questions.get(frame.q);
    this.#questions.delete(frame.q);
    clearTimeout(question?.timer);
    question?.resolve(frame.value);
  }

  /**
   * @param {Record<string, unknown>} frame
   * @returns {boolean} false when there is no connection
   */
  tell(frame) {
    if (!this.isOpen) return false;
    this.#socket?.send(JSON.stringify(frame));
    return true;
  }

  /**
   * @param {Record<string, unknown>} frame
   * @returns {Promise<any>}
   */
  ask(frame) {
    this.#q += 1;
    const q = this.#q;
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.#questions.delete(q);
        reject(new Error('timed out waiting for the server'));
      }, ANSWER_MS);
      this.#questions.set(q, { resolve, timer });
      if (this.tell({ ...frame, q })) return;
      clearTimeout(timer);
      this.#questions.delete(q);
      reject(new Error('not connected'));
    });
  }
}
