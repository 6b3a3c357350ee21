/** A few named listeners: `on(name, fn)` returns the function that takes it off again. */
export class Emitter {
  #listeners = new Map();

  on(name, listener) {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(listener));
    return () => set.delete(listener);
  }

  emit(name, ...args) {
    for (const listener of this.#listeners.get(name) ?? []) listener(...args);
  }
}
