/**
 * Light or dark: what this browser chose, else what its system asks for, now. It is the browser's alone:
 * the server neither keeps nor tells it. `data-theme` of the document's root says it before anything is
 * drawn; the frame's colours, the page's components and Material's follow that.
 */
const KEPT = "sayso-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const { documentElement: root } = document;

/** @type {string | null} Chosen on this page, in a browser that keeps nothing for it. */
let unkept = null;

/** @returns {string | null} */
function chosen() {
  try {
    return localStorage.getItem(KEPT) ?? unkept;
  } catch {
    return unkept;
  }
}

function show() {
  const wanted = chosen();
  const dark = wanted === "dark" || (wanted !== "light" && system.matches);
  root.dataset.theme = dark ? "dark" : "light";
}

/** @param {"dark" | "light"} theme */
function choose(theme) {
  unkept = theme;
  try {
    localStorage.setItem(KEPT, theme);
  } catch {
    // It holds until the page is left.
  }
  show();
}

/**
 * Material's components keep a theme each, and one that is drawn passes its own on to all others. The
 * server knows none, so whatever comes from it is given the right one before it is drawn.
 */
function dressModels() {
  const { Deserializer } = /** @type {any} */ (globalThis).Bokeh.require("core/serialization/deserializer");
  const decode = Deserializer.prototype._decode_object_ref;
  if (!decode) return; // another Bokeh: the components follow `data-theme` once they are drawn
  Deserializer.prototype._decode_object_ref = function (/** @type {any} */ told) {
    const { _props: props } = this.resolver.get(told.name)?.prototype ?? {};
    if (!props || !("dark_theme" in props)) return decode.call(this, told);
    const dark_theme = root.dataset.theme === "dark";
    return decode.call(this, { ...told, attributes: { ...told.attributes, dark_theme } });
  };
}

show();
system.addEventListener("change", show);
addEventListener("storage", ({ key }) => {
  if (key === KEPT || key === null) show(); // chosen on another page of this browser
});
document.addEventListener("DOMContentLoaded", () => {
  if ("Bokeh" in globalThis) dressModels();
});
Object.assign(globalThis, { saysoTheme: { choose } });
