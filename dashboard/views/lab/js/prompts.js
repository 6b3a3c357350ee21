// Every version of every prompt by its content: where it was tried, and what came of it.
import { html } from "../../../js/base.js";
import { Button, Diff, Empty, HeadRow, Quiet } from "./parts.js";
import { money, range, when } from "./words.js";
import { many, t } from "../../../js/words.js";

/** @typedef {import("./app.js").App} App */

/** @param {{app: App}} props */
export function Prompts({ app }) {
  const prompts = app.now("prompts");
  if (!prompts) return html`<div class="prompts"><${Quiet}>Reading every experiment's prompts…<//></div>`;
  if (!prompts.length)
    return html`<div class="prompts"><${Empty} title="No prompts yet" text="Prompts appear here once an experiment has used them." /></div>`;
  return html`<div class="prompts"><ul class="cards">${prompts.map((version) => html`<${Version} key=${version.hash} app=${app} v=${version} />`)}</ul></div>`;
}

/** @param {{app: App, v: any}} props */
function Version({ app, v }) {
  return html`<li class="card">
    <div class="head"><h3>${v.names.join(", ")}</h3><code title=${v.hash}>${v.hash.slice(0, 10)}</code>
      ${v.shipped && html`<span class="chip">comes with Sayso</span>`}
      <span class="quiet">${v.first_used ? t("first used {when}", { when: when(v.first_used) }) : t("not used in an experiment yet")}</span></div>
    ${v.uses.length > 0 && html`<${Uses} app=${app} uses=${v.uses} />`}
    ${v.change.length > 0 && html`<details class="more"><summary>${t("Changed from {version}", { version: v.before.slice(0, 10) })}</summary><${Diff} pieces=${v.change} /></details>`}
    <details class="more"><summary>${t("Text ({length})", { length: many(v.text.length, "character") })}</summary><pre>${v.text}</pre></details></li>`;
}

/** @param {{app: App, uses: any[]}} props */
function Uses({ app, uses }) {
  const words = [t("Experiment"), t("Arm"), t("Model"), t("Passed"), t("Success"), t("Cost"), ""];
  return html`<div class="scroll"><table class="plain"><${HeadRow} words=${words} /><tbody>${uses.map(
    (use) =>
      html`<tr key=${`${use.folder} ${use.arm}`}><th scope="row">${use.experiment}<small>${when(use.begun)}</small></th><td>${use.arm}</td><td>${use.model}</td>
        <td>${`${use.passed}/${use.trials}`}</td><td><${Outcome} success=${use.success} /></td><td>${money(use.dollars)}</td>
        <td><${Button} onClick=${() => app.show({ tab: "compare", experiment: use.folder })}>Compare<//></td></tr>`,
  )}</tbody></table></div>`;
}

/** @param {{success: {value: number | null, low: number | null, high: number | null}}} props @returns {any} */
function Outcome({ success }) {
  if (success.value === null) return "–";
  return html`<span class="outbar"><span class="track"><span class="fill" style=${{ width: `${100 * success.value}%` }}></span></span>${range(success)}</span>`;
}
