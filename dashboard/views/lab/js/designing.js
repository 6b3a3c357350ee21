/**
 * A design as it is being filled in: kept in the tab's own store, checked by the server, begun.
 *
 * @typedef {object} Arm
 * @property {string} name
 * @property {string} model
 * @property {string} prompt
 * @property {string} prompt_text
 * @property {string} phrasing
 * @property {string} instruction
 * @property {string | null} effort
 * @property {string | null} narration
 * @property {string[]} tools
 * @property {string} approvals
 * @property {number} width
 * @property {number} height
 * @property {number} max_dollars
 * @typedef {object} Form
 * @property {string} name
 * @property {string} hypothesis
 * @property {string} primary
 * @property {string | null} baseline
 * @property {number | null} repeats
 * @property {number | null} budget
 * @property {boolean} [sequential] Whether it may be looked at, and stopped, at any time.
 * @property {Arm[]} arms
 * @property {string[]} tasks
 * @typedef {{id: string, tags: string[], missing: string[], gui_only: boolean, voice: boolean, own: boolean, words: string}} Task
 * @typedef {{name: string, text: string, hash: string, shipped: boolean, uses: number}} Prompt
 * @typedef {object} Choices
 * @property {Prompt[]} prompts
 * @property {Task[]} tasks
 * @property {[string, number][]} tags
 * @property {string[]} unusable Why tasks of the person's folder cannot be used.
 * @property {string} tasks_folder
 * @property {string[]} models
 * @property {string[]} phrasings
 * @property {{value: string, label: string}[]} tools
 * @property {string[]} usual_tools
 * @property {number} cores
 * @property {number} slots
 * @typedef {{where: string, text: string}} Fault
 */
import { batch, signal } from "@preact/signals";
import { t } from "../../../js/words.js";

const KEPT = "sayso-lab-design";
const CHECK_AFTER = 250; // ms without a change

/** @param {Choices} choices @param {string} name @returns {Arm} */
export function firstArm(choices, name) {
  const prompt = choices.prompts.find((each) => each.shipped) ?? choices.prompts[0];
  return {
    name,
    model: "offline",
    prompt: prompt.name,
    prompt_text: prompt.text,
    phrasing: "goal",
    instruction: "{{ instruction }}",
    effort: null,
    narration: null,
    tools: [...choices.usual_tools],
    approvals: "allow",
    width: 1280,
    height: 800,
    max_dollars: 1,
  };
}

/** A copy of the first arm under a name of its own, so that arms differ in what is changed only. @param {Arm[]} arms @returns {Arm} */
export function copyArm(arms) {
  const names = arms.map((arm) => arm.name);
  const name = [..."abcdefghijklmnop"].find((letter) => !names.includes(letter)) ?? `arm-${names.length + 1}`;
  return { ...arms[0], tools: [...arms[0].tools], name };
}

/** @param {Choices} choices @returns {Form} */
export function fresh(choices) {
  return {
    name: "",
    hypothesis: "",
    primary: "success",
    baseline: "",
    repeats: 2,
    budget: 0,
    arms: [firstArm(choices, "a"), firstArm(choices, "b")],
    tasks: runnable(choices.tasks)
      .filter((task) => task.tags.includes("light"))
      .map((task) => task.id),
  };
}

/** Those that the machine has all programs for. @param {Task[]} tasks */
export function runnable(tasks) {
  return tasks.filter((task) => !task.missing.length);
}

/** The tasks with some more, or without them if all were chosen; in the order of `all`. @param {Task[]} all @param {string[]} chosen @param {string[]} ids */
export function toggled(all, chosen, ids) {
  const now = new Set(chosen);
  const whole = ids.every((id) => now.has(id));
  for (const id of ids) {
    if (whole) now.delete(id);
    else now.add(id);
  }
  return all.map((task) => task.id).filter((id) => now.has(id));
}

/** The form with one field changed, as `name` or `arms.1.model`. @param {Form} form @param {string} where @param {unknown} value @returns {Form} */
export function put(form, where, value) {
  const [, n, field] = /^arms\.(\d+)\.(\w+)$/.exec(where) ?? [];
  if (field === undefined) return { ...form, [where]: value };
  return { ...form, arms: form.arms.map((arm, at) => (at === Number(n) ? { ...arm, [field]: value } : arm)) };
}

/** An arm with another text: one that is known has its name. @param {Arm} arm @param {Prompt[]} prompts @param {string} text */
export function reworded(arm, prompts, text) {
  const known = prompts.find((prompt) => prompt.text === text);
  return { ...arm, prompt_text: text, prompt: known?.name ?? arm.prompt };
}

/** What is said beside an arm's text. @param {Form} form @param {number} n @param {Prompt[]} prompts */
export function textState(form, n, prompts) {
  const arm = form.arms[n];
  if (n && form.arms[0].prompt_text === arm.prompt_text) return t("same as the first arm's");
  const shipped = prompts.find((prompt) => prompt.name === arm.prompt);
  return shipped && shipped.text !== arm.prompt_text ? t("changed here") : "";
}

/** Where a fault is, in words. @param {string} where @param {Form} form */
export function placed(where, form) {
  const [, n, field] = /^arms\.(\d+)\.(\w+)/.exec(where) ?? [];
  if (field)
    return `${t("Arm {name}, {field}", { name: form.arms[Number(n)]?.name || Number(n) + 1, field: field.replaceAll("_", " ") })}: `;
  return where && where !== "arms" ? `${where[0].toUpperCase()}${where.slice(1)}: ` : "";
}

/** @returns {Partial<Form> | null} */
function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

/** The design of one page; it outlives a visit to another tab, and a reload. */
export class Designing {
  form = signal(/** @type {Form | null} */ (null));
  slots = signal(0); // desktops at a time; 0 until the server has told the usual
  touched = signal(/** @type {ReadonlySet<string>} */ (new Set()));
  tried = signal(0); // how often Start was pressed
  unproved = signal(false); // whether tasks that are not proved may be paid for
  #given = 0;
  #n = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(message: {type: string, [field: string]: unknown}) => boolean} send */
  constructor(send) {
    this.send = send;
  }

  /** Takes a design that the server puts into the form, else what was kept, else a fresh one. @param {Choices} choices @param {{n?: number} & Partial<Form>} given */
  take(choices, { n = 0, ...wanted }) {
    if (this.form.peek() && n <= this.#given) return;
    const chosen = n > this.#given ? wanted : remembered();
    this.#given = n;
    batch(() => {
      this.form.value = { ...fresh(choices), ...chosen };
      this.slots.value ||= choices.slots;
      this.tried.value = 0;
    });
    this.check();
  }

  /** @param {Form} form @param {string} [where] The field that was changed. */
  change(form, where) {
    batch(() => {
      this.form.value = form;
      if (where) this.touched.value = new Set([...this.touched.peek(), where]);
    });
    this.#soon();
  }

  /** @param {string} where @param {unknown} value */
  put(where, value) {
    const form = this.form.peek();
    if (form) this.change(put(form, where, value), where);
  }

  /** @param {number | null} slots */
  allow(slots) {
    this.slots.value = slots ?? 0;
    this.#soon();
  }

  /** @param {Choices} choices */
  clear(choices) {
    this.touched.value = new Set();
    this.tried.value = 0;
    this.change(fresh(choices));
  }

  /** @param {boolean} unproved Whether tasks that are not proved may be paid for. */
  begin(unproved) {
    clearTimeout(this.#timer);
    this.send({ type: "begin", form: this.form.peek(), slots: this.slots.peek() || null, unproved });
  }

  prove() {
    this.send({ type: "prove", form: this.form.peek(), slots: this.slots.peek() || null });
  }

  /** What is wrong with a field, once it was touched or Start was pressed. @param {string} where @param {Fault[]} faults */
  faultsAt(where, faults) {
    if (!this.tried.value && !this.touched.value.has(where)) return [];
    return faults.filter((fault) => fault.where === where);
  }

  #soon() {
    sessionStorage.setItem(KEPT, JSON.stringify(this.form.peek()));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.check(), CHECK_AFTER);
  }

  /** Asks the server what the form means. */
  check() {
    this.#n += 1;
    this.send({ type: "check", form: this.form.peek(), slots: this.slots.peek() || null, n: this.#n });
  }
}
