/**
 * What the widgets ask of their host, so that one core serves Panel and Jupyter.
 *
 * @typedef {object} Adapter
 * @property {object} key Tells apart what is shown: the same when the host renders once more.
 * @property {(name: string) => any} get A synchronised value.
 * @property {(name: string, value: unknown) => void} set
 * @property {(message: object, buffers?: ArrayBuffer[]) => void} send To Python; in Jupyter with bytes.
 * @property {(what: string, listener: (...args: any[]) => void) => void} on `"message"` (an object
 *   from Python; in Jupyter with bytes), `"remove"`, or `"change:NAME"` of a synchronised value.
 * @property {(name: string) => Element[]} children What Python put into a slot; none in Jupyter.
 * @property {() => void} close Hears nothing any more.
 */

/**
 * @param {{model: any, view?: any}} host What Panel or Jupyter calls `render` with.
 * @returns {Adapter}
 */
export function adapterFor({ model, view }) {
  return typeof model.send_msg === "function" ? panelAdapter(model, view) : anywidgetAdapter(model);
}

/**
 * @param {any} model
 * @param {any} view
 * @returns {Adapter}
 */
function panelAdapter(model, view) {
  return {
    key: view,
    get: (name) => model[name],
    set: (name, value) => {
      model[name] = value;
    },
    send: (message) => model.send_msg(message),
    on: (what, listener) => {
      if (what === "message") model.on("msg:custom", (/** @type {any} */ data) => listener(data?.data ?? data));
      else if (what === "remove") model.on("remove", listener);
      else model.on(what.replace("change:", ""), listener);
    },
    children: (name) => [model.get_child(name)].flat().filter(Boolean),
    close: () => {}, // Panel's model forgets a view that is removed
  };
}

/**
 * @param {any} model
 * @returns {Adapter}
 */
function anywidgetAdapter(model) {
  /** @type {[string, (...args: any[]) => void][]} */
  const heard = [];
  return {
    key: model,
    get: (name) => model.get(name),
    set: (name, value) => {
      model.set(name, value);
      model.save_changes();
    },
    send: (message, buffers) => model.send(message, undefined, buffers),
    on: (what, listener) => {
      if (what === "remove") return;
      heard.push([what === "message" ? "msg:custom" : what, listener]);
      model.on(...heard[heard.length - 1]);
    },
    children: () => [],
    close: () => {
      for (const [what, listener] of heard.splice(0)) model.off(what, listener);
    },
  };
}

/**
 * Puts a widget into a notebook's output; keys pressed in it are not the notebook's commands.
 *
 * @param {Element} el
 * @param {Node} root
 */
export function mount(el, root) {
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  el.replaceChildren(root);
}
