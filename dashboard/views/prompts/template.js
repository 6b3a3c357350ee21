const JINJA = /\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}/g;

/** How a line of a template looks: whether it is a heading, and which stretches of it are filled in. @param {string} line */
export function lookOf(line) {
  const filled = [...line.matchAll(JINJA)].map((found) => [found.index, found.index + found[0].length]);
  return { title: line.startsWith("#"), filled };
}
