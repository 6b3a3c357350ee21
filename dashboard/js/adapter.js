/**
 * The four methods that the widgets ask of their host, so that one core serves Panel and Jupyter:
 * `get(name)`, `set(name, value)`, `send(object)` and `on(what, listener)`, where `what` is
 * `"message"` (an object from Python), `"remove"`, or `"change:NAME"` of a synchronised value.
 * In Jupyter, `send` and messages may carry bytes as well.
 */
export function adapterFor({ model, view }) {
  return typeof model.send_msg === "function" ? panelAdapter(model, view) : anywidgetAdapter(model);
}

function panelAdapter(model, view) {
  return {
    key: view,
    get: (name) => model[name],
    set: (name, value) => {
      model[name] = value;
    },
    send: (message) => model.send_msg(message),
    on: (what, listener) => {
      if (what === "message") model.on("msg:custom", (data) => listener(data?.data ?? data));
      else if (what === "remove") model.on("remove", listener);
      else model.on(what.replace("change:", ""), listener);
    },
  };
}

function anywidgetAdapter(model) {
  return {
    key: model,
    get: (name) => model.get(name),
    set: (name, value) => {
      model.set(name, value);
      model.save_changes();
    },
    send: (message, buffers) => model.send(message, undefined, buffers),
    on: (what, listener) => {
      if (what === "message") model.on("msg:custom", listener);
      else if (what !== "remove") model.on(what, listener);
    },
  };
}

/** Puts a widget into a notebook's output; keys pressed in it are not the notebook's commands. */
export function mount(el, root) {
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  el.replaceChildren(root);
}
