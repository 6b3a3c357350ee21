/**
 * The one base of the page's components: preact and signals, drawn by Panel or by Jupyter from the
 * same code. `docs/architecture.md`, "Page code", shows how one is written.
 */
import { batch, signal } from "@preact/signals";
import htm from "htm";
import { Component, h, render as draw } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { adapterFor, mount } from "./adapter.js";
import { link } from "./link/link.js";
import { localized } from "./words.js";

/** @typedef {import("./adapter.js").Adapter} Adapter */
/** @typedef {import("preact").ComponentChildren} Children */
/** @typedef {(props: {host: Host<any>}) => Children} App What draws a component. */

/** @type {(strings: TemplateStringsArray, ...values: any[]) => import("preact").VNode<any>} */
const built = /** @type {any} */ (htm.bind(/** @type {any} */ (h)));

/**
 * What a component shows; the template's own texts are said in the page's language (`words.js`).
 *
 * @type {(strings: TemplateStringsArray, ...values: any[]) => import("preact").VNode<any>}
 */
export const html = (strings, ...values) => built(localized(strings), ...values);

const TOLD = 500; // letters of an error that are reported
const ARRIVED = "arrived"; // Python has what was pressed

/**
 * What a component knows of Python: its params as signals, messages both ways, and slots for what
 * Python puts into it.
 *
 * @template {Record<string, any>} P The synchronised params and their types.
 */
export class Host {
  /** @type {Map<string, import("@preact/signals").Signal<any>>} */
  #params = new Map();
  /** @type {Map<string, Element>} */
  #slots = new Map();
  /** @type {Set<(message: any, buffers?: any[]) => void>} */
  #listeners = new Set();

  /** @param {Adapter} adapter */
  constructor(adapter) {
    this.adapter = adapter;
    adapter.on("message", (message, buffers) => {
      if (message?.type === ARRIVED) return link.presses.arrived(message.press);
      batch(() => {
        for (const listener of this.#listeners) listener(message, buffers);
      });
    });
  }

  /**
   * A param as a signal that follows Python.
   *
   * @template {keyof P & string} K
   * @param {K} name
   * @returns {import("@preact/signals").ReadonlySignal<P[K]>}
   */
  param(name) {
    const known = this.#params.get(name);
    if (known) return known;
    const made = signal(this.adapter.get(name));
    this.#params.set(name, made);
    this.#follow(name, made);
    return made;
  }

  /**
   * Sets a param in Python too.
   *
   * @template {keyof P & string} K
   * @param {K} name
   * @param {P[K]} value
   */
  set(name, value) {
    this.adapter.set(name, value);
  }

  /**
   * Sends what was pressed, or what the component asks of itself; false if it was refused for lack of a
   * connection. What has a receipt already is repeated by whoever gave it one.
   *
   * @param {{type: string, [field: string]: unknown}} message
   * @param {ArrayBuffer[]} [buffers] In Jupyter only.
   */
  send(message, buffers) {
    const send = (/** @type {object} */ what) => this.adapter.send(what, buffers);
    if (!("receipt" in message)) return link.send(send, message);
    send(message);
    return true;
  }

  /** Sends a question whose answer the component asks for again after a gap. @param {{type: string, [field: string]: unknown}} message */
  ask(message) {
    this.adapter.send(message);
  }

  /**
   * Hears Python's messages; returns what ends that.
   *
   * @param {(message: any, buffers?: any[]) => void} listener
   */
  listen(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Puts what Python has for a slot into an element of the component's own, now and when it changes.
   *
   * @param {string} name
   * @param {Element | null} element None takes the slot away.
   */
  fill(name, element) {
    if (!element) return void this.#slots.delete(name);
    this.#slots.set(name, element);
    const children = this.adapter.children(name);
    const same =
      children.length === element.children.length && children.every((child, i) => child === element.children[i]);
    if (!same) element.replaceChildren(...children); // what is moved loses the focus
  }

  /** The host has rendered again: its listeners are gone, and what is in the slots may be others. */
  attach() {
    batch(() => {
      for (const [name, known] of this.#params) {
        known.value = this.adapter.get(name);
        this.#follow(name, known);
      }
    });
    for (const [name, element] of this.#slots) this.fill(name, element);
  }

  /** @param {string} where @param {unknown} error */
  report(where, error) {
    const text = `${error instanceof Error ? `${error.name}: ${error.message}` : error}`.slice(0, TOLD);
    console.error(where, error);
    this.ask({ type: "broke", where, text });
  }

  /** @param {string} name @param {import("@preact/signals").Signal<any>} known */
  #follow(name, known) {
    this.adapter.on(`change:${name}`, () => {
      known.value = this.adapter.get(name);
    });
  }
}

/**
 * Where a child of Python's is shown.
 *
 * @param {{host: Host<any>, name: string, class?: string}} props
 */
export function Slot({ host, name, ...rest }) {
  const place = useRef(null);
  useLayoutEffect(() => {
    host.fill(name, place.current);
    return () => host.fill(name, null);
  }, []);
  return html`<div ...${rest} ref=${place}></div>`;
}

/**
 * Hears Python's messages as long as the component is shown.
 *
 * @param {Host<any>} host
 * @param {(message: any, buffers?: any[]) => void} listener
 */
export function useMessages(host, listener) {
  useLayoutEffect(() => host.listen(listener), []);
}

/**
 * Runs once the element is in the page. A component is drawn before Panel puts it there, and what
 * stands in a slot later still: nothing can have the focus until then.
 *
 * @param {{current: Element | null}} ref
 * @param {() => void} run
 */
export function useInPage(ref, run) {
  useLayoutEffect(() => {
    let frame = 0;
    function look() {
      if (ref.current?.isConnected) run();
      else frame = requestAnimationFrame(look);
    }
    look();
    return () => cancelAnimationFrame(frame);
  }, []);
}

/**
 * Whatever fails while it is drawn is reported, and said in its place; the rest of the page goes on.
 *
 * @extends {Component<{host: Host<any>, where: string, children: Children}, {failed: boolean}>}
 */
export class Boundary extends Component {
  /** @param {any} props */
  constructor(props) {
    super(props);
    this.state = { failed: false };
  }

  /** @param {unknown} error */
  componentDidCatch(error) {
    this.setState({ failed: true });
    this.props.host.report(this.props.where, error);
  }

  render() {
    if (!this.state.failed) return this.props.children;
    return html`<div class="broke" role="alert">
      <p>This part of the page has stopped working.</p>
      <button type="button" onClick=${() => this.setState({ failed: false })}>Show it again</button>
    </div>`;
  }
}

/** @type {WeakMap<object, Shown>} A host may render twice: what is shown and typed must survive that. */
const shown = new WeakMap();

/** An element of its parent's height. */
function filling() {
  const made = document.createElement("div");
  made.style.height = "100%";
  return made;
}

/** One component in the page. */
class Shown {
  /**
   * @param {Adapter} adapter
   * @param {string} name
   * @param {App} App
   * @param {string} css
   */
  constructor(adapter, name, App, css) {
    this.adapter = adapter;
    this.host = new Host(adapter);
    this.root = filling();
    this.target = css ? this.#shadow(css) : this.root;
    draw(html`<${Boundary} host=${this.host} where=${name}><${App} host=${this.host} /><//>`, this.target);
    adapter.on("remove", () => this.dispose());
  }

  /** The host has rendered again. */
  attach() {
    this.host.attach();
    this.adapter.on("remove", () => this.dispose());
  }

  dispose() {
    shown.delete(this.adapter.key);
    this.adapter.close();
    draw(null, this.target);
  }

  /** A notebook's page has no style for it: it gets a shadow with its own. */
  #shadow(/** @type {string} */ css) {
    const shadow = this.root.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = css;
    const target = filling();
    shadow.append(style, target);
    return target;
  }
}

/**
 * What a bundle exports as its default: Panel's and Jupyter's `render` of one component.
 *
 * @param {string} name How it is called when it fails.
 * @param {App} App
 * @param {{css?: string, single?: boolean}} [options] `css` is its style in a notebook; in the page Python
 *   names it. `single`: it holds a connection, so a notebook shows it where it was shown last only.
 */
export function component(name, App, { css = "", single = false } = {}) {
  /** @param {{model: any, view?: any, el: Element}} host */
  function render(host) {
    const adapter = adapterFor(host);
    return host.view ? inPanel(adapter) : inJupyter(adapter, host.el);
  }

  /** @param {Adapter} adapter */
  function inPanel(adapter) {
    const known = shown.get(adapter.key);
    if (known) known.attach();
    const one = known ?? new Shown(adapter, name, App, "");
    shown.set(adapter.key, one);
    return one.root;
  }

  /** @param {Adapter} adapter @param {Element} el */
  function inJupyter(adapter, el) {
    const one = (single && shown.get(adapter.key)) || new Shown(adapter, name, App, css);
    if (single) shown.set(adapter.key, one);
    mount(el, one.root);
    return () => {
      if (el.contains(one.root)) one.dispose(); // else it is shown elsewhere now
    };
  }
  return { render };
}
