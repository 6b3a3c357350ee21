/**
 * A few named listeners: `on(name, fn)` returns the function that takes it off again.
 *
 * @template {Record<keyof E, any[]>} E What each name tells its listeners.
 */
export class Emitter {
  /** @type {Map<keyof E, Set<(...args: any[]) => void>>} */
  #listeners = new Map();

  /**
   * @template {keyof E} N
   * @param {N} name
   * @param {(...args: E[N]) => void} listener
   */
  on(name, listener) {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(listener));
    return () => set.delete(listener);
  }

  /**
   * @template {keyof E} N
   * @param {N} name
   * @param {E[N]} args
   */
  emit(name, ...args) {
    for (const listener of this.#listeners.get(name) ?? []) listener(...args);
  }
}
