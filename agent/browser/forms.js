/**
 * @typedef {any} Found An element of a frame's own realm, so that `instanceof` tells nothing.
 * @typedef {{ refused: string, type: string | null }} Filled
 */

/** @type {(e: Found, tag: string, ...types: string[]) => boolean} */
const is = (e, tag, ...types) => Boolean(e) && e.tagName === tag && (!types.length || types.includes(e.type));
/** What a page cannot have replaced on the element itself. @type {(of: Function, key: string) => Found} */
const proto = (of, key) => Object.getOwnPropertyDescriptor(of.prototype, key);
/** @type {(root: Found, what: string) => Found[]} */
const all = (root, what) => Array.from(Document.prototype.querySelectorAll.call(root, what));
/** @type {(e: Found) => string} */
const label = (e) => (e.getAttribute("aria-label") || e.innerText || e.value || e.getAttribute("title") || "").trim();

/** The element that has the keyboard, in open shadow trees as well. */
function focused() {
  /** @type {Found} */
  let found = document.activeElement;
  for (;;) {
    const inner = found?.shadowRoot || (is(found, "IFRAME") ? found.contentDocument : null);
    if (!inner?.activeElement) return found;
    found = inner.activeElement;
  }
}

/** The button that Enter in a field of a form presses. @param {Found} e */
function submits(e) {
  if (!is(e, "INPUT") || !e.form) return "";
  const mine = all(e.ownerDocument, "button, input").filter((b) => b.form === e.form);
  const button = mine.find((b) => b.type === "submit" || b.type === "image");
  return button ? label(button) || "Submit" : "";
}

/** @param {Found} e */
function about(e) {
  const secret = is(e, "INPUT", "password");
  const file = is(e, "INPUT", "file");
  const pressed = is(e, "INPUT", "checkbox", "radio");
  const kind = file ? "file" : pressed ? "pressed" : is(e, "SELECT") ? "list" : "text";
  return { kind, secret, submits: submits(e) };
}

/** @param {Found} e */
function there(e) {
  return { there: e.isConnected };
}

/** @param {Found} e */
function value(e) {
  if (is(e, "INPUT", "checkbox", "radio")) return { value: e.checked ? "checked" : "not checked" };
  if (is(e, "INPUT", "password")) return { value: "•".repeat(e.value.length) };
  if (is(e, "SELECT")) return { value: Array.from(e.selectedOptions, (o) => o.label).join(", ") };
  return { value: "value" in e ? String(e.value) : e.innerText };
}

/** @param {Found} e */
function tell(e) {
  for (const name of ["input", "change"]) e.dispatchEvent(new Event(name, { bubbles: true, composed: true }));
}

/** @type {(refused: string) => Filled} */
const no = (refused) => ({ refused, type: null });
/** @type {Filled} */
const done = { refused: "", type: null };

/**
 * Give a field a value, or say what is to be typed into it.
 * @param {Found} e
 * @param {unknown} wanted
 * @returns {Filled}
 */
function fill(e, wanted) {
  if (e.disabled || e.readOnly) return no("This field cannot be changed.");
  if (is(e, "SELECT")) return choose(e, String(wanted));
  if (is(e, "INPUT", "checkbox", "radio")) {
    const on = wanted === true || ["true", "on", "yes", "1", "checked"].includes(String(wanted).toLowerCase());
    if (e.checked !== on) e.click();
    return e.checked === on ? done : no("It stays as it was.");
  }
  const set = ["date", "time", "datetime-local", "month", "week", "color", "range"];
  if (is(e, "INPUT", ...set)) {
    const before = e.value;
    proto(HTMLInputElement, "value").set.call(e, String(wanted));
    if (!e.value && wanted !== "") {
      proto(HTMLInputElement, "value").set.call(e, before);
      return no("The field does not take that value; a date is written 2026-12-31.");
    }
    tell(e);
    return done;
  }
  const texts = is(e, "INPUT") || is(e, "TEXTAREA");
  if (!texts && !e.isContentEditable) return no("This is no field that takes a value.");
  if (is(e, "INPUT", "file", "button", "submit", "reset", "image")) return no("This is no field that takes a value.");
  e.focus();
  if (texts) e.select();
  else e.ownerDocument.getSelection().selectAllChildren(e);
  return { refused: "", type: String(wanted) };
}

/** @type {(e: Found, wanted: string) => Filled} */
function choose(e, wanted) {
  /** @type {(o: HTMLOptionElement) => boolean} */
  const fits = (o) => [o.value, o.label, o.text].some((t) => t.trim() === wanted.trim());
  /** @type {(o: HTMLOptionElement) => boolean} */
  const like = (o) => o.label.trim().toLowerCase() === wanted.trim().toLowerCase();
  /** @type {HTMLOptionElement[]} */
  const options = Array.from(e.options);
  const option = options.find(fits) || options.find(like);
  if (!option || option.disabled)
    return no(
      `There is no choice ${JSON.stringify(wanted.slice(0, 60))}: it has ${options
        .slice(0, 20)
        .map((o) => o.label)
        .join(", ")}.`,
    );
  if (!e.multiple) proto(HTMLSelectElement, "value").set.call(e, option.value);
  option.selected = true;
  tell(e);
  return done;
}

/** What a page says: its article, if it has one that holds most of it. */
function words() {
  const body = document.body;
  if (!body) return "";
  const main = all(document, "article, main, [role=main]").sort((a, b) => b.innerText.length - a.innerText.length)[0];
  return main && main.innerText.length * 2 > body.innerText.length ? main.innerText : body.innerText;
}
