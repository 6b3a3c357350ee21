/**
 * The page's own words. English stands in the code; in another language the document brings a catalogue
 * (`dashboard/words`), in which each text is looked up: what `t` is given, and the texts that stand in an
 * `html` template, between its tags and in the attributes that people read.
 *
 * @typedef {string | Record<string, string>} Text By plural category, where it has a number.
 * @typedef {{language: string, texts: Record<string, Text>}} Catalogue
 */

/** @type {Catalogue} */
const ENGLISH = { language: "en", texts: {} };
const BROUGHT = "sayso-words"; // the element that the document brings it in
const TOKEN = /<(?:"[^"]*"|[^">])*>|[^<\0]+/g; // a tag, or a text
const READ = /\b(title|aria-label|placeholder|alt|label|text|term|what)="([^"\0]+)"/g;
const GAP = "\0"; // where a template has a value

/** @returns {Catalogue} */
function brought() {
  const kept = /** @type {any} */ (globalThis);
  const text = globalThis.document?.getElementById?.(BROUGHT)?.textContent;
  kept.saysoWords ??= text ? JSON.parse(text) : undefined;
  return kept.saysoWords ?? ENGLISH;
}

let catalogue = brought();

/** Speaks by another catalogue from now on. @param {Catalogue} other */
export function speak(other) {
  catalogue = other;
}

/** The page's language. */
export function language() {
  return catalogue.language;
}

/** How times and numbers are written: as the browser does in the page's language. */
export function locale() {
  return globalThis.navigator?.languages?.find((each) => each.startsWith(language())) ?? language();
}

/**
 * A text in the page's language, its `{name}` filled in.
 *
 * @param {string} text
 * @param {Record<string, unknown>} [fields]
 */
export function t(text, fields = {}) {
  const said = catalogue.texts[text] ?? text;
  return filled(typeof said === "string" ? said : (said.other ?? text), fields);
}

/**
 * A text with a number, `{n}`, in the form that the number asks for.
 *
 * @param {number} n
 * @param {string} one
 * @param {string} other
 * @param {Record<string, unknown>} [fields]
 */
export function plural(n, one, other, fields = {}) {
  const said = catalogue.texts[other] ?? { one, other };
  const form = typeof said === "string" ? said : (said[new Intl.PluralRules(language()).select(n)] ?? said.other);
  return filled(form ?? other, { n: n.toLocaleString(locale()), ...fields });
}

/** So many of something whose English plural has an s. @param {number} n @param {string} word */
export function many(n, word) {
  return plural(n, `{n} ${word}`, `{n} ${word}s`);
}

/** @param {string} text @param {Record<string, unknown>} fields */
function filled(text, fields) {
  return text.replace(/\{(\w+)\}/g, (gap, name) => (name in fields ? `${fields[name]}` : gap));
}

/** @type {WeakMap<TemplateStringsArray, TemplateStringsArray>} */
const known = new WeakMap();

/**
 * A template's own texts in the page's language; the same array for the same template.
 *
 * @param {TemplateStringsArray} strings
 * @returns {TemplateStringsArray}
 */
export function localized(strings) {
  if (catalogue.language === ENGLISH.language) return strings;
  const made = known.get(strings) ?? translated(strings);
  known.set(strings, made);
  return made;
}

/** @param {TemplateStringsArray} strings */
function translated(strings) {
  const said = strings.join(GAP).replace(TOKEN, (token) => {
    if (token.startsWith("<")) return token.replace(READ, (_, name, text) => `${name}="${attribute(t(text))}"`);
    const text = token.trim();
    return text ? token.replace(text, () => t(text.replace(/\s+/g, " "))) : token;
  });
  return /** @type {any} */ (said.split(GAP));
}

/** htm knows no entities. @param {string} text */
function attribute(text) {
  return text.replaceAll('"', "”");
}
