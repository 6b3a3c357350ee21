import { adapterFor, mount } from "../../../js/adapter.js";
import { VoiceCore } from "./core.js";
import { VoiceBar } from "./ui.js";

const shown = new WeakMap(); // a host may render twice: the conversation must survive that

/** Panel's JSComponent takes the returned element; anywidget gets it put into `el`. */
function render(host) {
  const adapter = adapterFor(host);
  const known = shown.get(adapter.key);
  if (known) {
    adapter.on("remove", known.dispose);
    return known.root;
  }
  const core = new VoiceCore(adapter);
  const bar = new VoiceBar(core);
  const dispose = () => {
    shown.delete(adapter.key);
    bar.dispose();
    core.dispose();
  };
  shown.set(adapter.key, { root: bar.root, dispose });
  adapter.on("remove", dispose);
  if (host.view) return bar.root;
  mount(host.el, bar.root);
  return dispose;
}

export default { render };
