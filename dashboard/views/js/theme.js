/** Light or dark: what this browser chose, else what its system asks for. */
const THEME = "sayso-theme";

/** @param {import("../../js/base.js").Host<any>} host Its `dark` is the page's theme. */
export function followTheme(host) {
  const chosen = localStorage.getItem(THEME);
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const now = host.param("dark");
  setTimeout(() => {
    if (dark !== now.value) host.set("dark", dark);
    let first = true;
    now.subscribe((value) => {
      if (!first || value === dark) localStorage.setItem(THEME, value ? "dark" : "light");
      first = false;
    });
  });
}
