// The custom element <mle-exercise>: what all exercises share, and quizzes.
//
//   <mle-exercise kind="choice|several|numeric|open|code|order|progress" exercise="ID" label="…"
//     data-exercise='JSON'>…</mle-exercise>
//
// The HTML inside is written by mle_lib/exercises/html.py and can be read without this program,
// which adds what answers. Quizzes need nothing else, and a notebook has nothing else. Code exercises
// and the progress marks need the site, whose book/_static/exercises_site.js adds them. Everything that is kept stands in localStorage, one entry for each exercise; on the site
// that holds what this site has put there, and nothing of other sites on the same host
// (book/_ext/mle_book/storage.js). In a notebook an entry goes by the exercise alone, for the host
// is the reader's own there, and a notebook has no address that outlasts its being moved or copied.

(() => {
  "use strict";
  if (customElements.get("mle-exercise")) return; // a notebook brings this file with every quiz

  const PREFIX = "mle-book/";
  const TITLES = {
    "not attempted": "Not attempted yet.",
    incorrect: "Not yet right.",
    correct: "Correct.",
  };

  // ---- Small parts ---------------------------------------------------------------------------

  function make(tag, className = "", text = "") {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    if (made.matches(CODE)) keepFromTranslation(made);
    return made;
  }

  // A browser that translates the page must not touch code, nor what is read back from here. Some
  // go by the attribute, some by the class.
  const CODE = "code, pre, kbd, samp, textarea, output, math";

  function keepFromTranslation(element) {
    element.setAttribute("translate", "no");
    element.classList.add("notranslate");
  }

  function keepCodeFromTranslation(root) {
    for (const element of root.querySelectorAll(CODE)) keepFromTranslation(element);
  }

  // The keys pressed while an input method composes a text are meant for it alone: Enter takes
  // over what it proposes. In Safari the last of them comes after the end, as key 229.
  function passComposingBy(target) {
    for (const type of ["keydown", "keypress", "keyup"]) {
      target.addEventListener(
        type,
        (event) => {
          if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
        },
        true,
      );
    }
  }

  function makeButton(text, onClick) {
    const made = make("button", "mle-button", text);
    made.type = "button";
    made.addEventListener("click", onClick);
    return made;
  }

  // A live region must stand in the page before it is filled, or nothing is read out.
  function makeStatus() {
    const made = make("div", "mle-feedback");
    made.setAttribute("role", "status");
    return made;
  }

  function box(status, title, ...content) {
    const made = make("div", "mle-result");
    made.dataset.status = status;
    const heading = make("p");
    heading.append(make("strong", "", title));
    made.append(heading, ...content);
    return made;
  }

  // Of what is said at a key's press, at least the beginning is to be seen.
  function bringIntoView(element) {
    element.scrollIntoView({ block: "nearest" });
  }

  // HTML of the book's own: from the definitions, or from the checks that ran in the worker.
  function fragment(html) {
    const template = make("template");
    template.innerHTML = html;
    keepCodeFromTranslation(template.content);
    return template.content;
  }

  // ---- What is kept --------------------------------------------------------------------------

  // Storage may be forbidden or full (private windows, frames). Then answers last as long as the
  // page does: in memory stands what could not be stored, with the entry that it did not replace,
  // and nothing else.
  const store = {
    memory: new Map(),

    get(id) {
      const entry = this.entry(id);
      return this.unsaved(id)?.entry === entry ? this.unsaved(id).state : this.read(entry);
    },

    entry(id) {
      try {
        return localStorage.getItem(PREFIX + id);
      } catch {
        return null;
      }
    },

    read(entry) {
      try {
        const value = JSON.parse(entry);
        return value && typeof value === "object" ? value : {};
      } catch {
        return {};
      }
    },

    unsaved(id) {
      return this.memory.get(id);
    },

    set(id, state) {
      try {
        localStorage.setItem(PREFIX + id, JSON.stringify(state));
        this.memory.delete(id);
      } catch {
        this.memory.set(id, { state, entry: this.entry(id) });
      }
      document.dispatchEvent(new Event("mle-progress"));
    },

    forget(ids) {
      for (const id of ids) {
        this.memory.delete(id);
        try {
          localStorage.removeItem(PREFIX + id);
        } catch {
          // was in memory only
        }
      }
    },

    all() {
      const ids = new Set(this.memory.keys());
      try {
        for (const key of Object.keys(localStorage)) {
          if (key.startsWith(PREFIX)) ids.add(key.slice(PREFIX.length));
        }
      } catch {
        // memory has them all
      }
      return [...ids];
    },

    solved(ids) {
      return ids.filter((id) => this.get(id).solved).length;
    },
  };

  // ---- Numbers, by the rules of mle_lib/exercises/numbers.py ---------------------------------

  const SPACE =
    /[\s\x1c-\x1f\x85\ufeff\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u2069]/g;
  const FORMS = /[\uff00-\uffef\ufe50-\ufe6f\u{1d7ce}-\u{1d7ff}]/gu;
  const DECIMAL = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i;
  const ONE_GROUP = /^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$/; // thousands, or decimals
  const GROUPS = /^[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?$/;

  class Unclear extends Error {}

  function asTypedInAscii(text) {
    return text
      .replace(FORMS, (found) => found.normalize("NFKC"))
      .replace(/[‐‑‒–—―−ー]/g, "-")
      .replaceAll("。", ".")
      .replaceAll("、", ",")
      .replace(/[⁄∕]/g, "/");
  }

  function parseNumber(text) {
    const typed = text.replace(SPACE, " ").trim();
    const spaced = asTypedInAscii(typed)
      .replace(/ +/g, " ")
      .replace(/([0-9]) (?=[0-9]{3}(?![0-9]))/g, "$1");
    if (/[0-9] [0-9]/.test(spaced)) {
      throw new Unclear(`“${typed}” could be two numbers. Type one, such as 1.5 or 3/2.`);
    }
    const plain = spaced.replaceAll(" ", "");
    if (!plain) throw new Unclear("Type a number.");
    const parts = plain.split("/");
    if (parts.length > 2) {
      throw new Unclear(`“${typed}” has more than one fraction line. Type one number.`);
    }
    const values = parts.map((part) => parseDecimal(part, typed));
    if (values[1] === 0) throw new Unclear("That divides by zero.");
    const number = values.length === 2 ? values[0] / values[1] : values[0];
    if (!Number.isFinite(number)) {
      throw new Unclear(`“${typed}” is too large for a number here.`);
    }
    return number;
  }

  function parseDecimal(part, typed) {
    if (ONE_GROUP.test(part)) {
      const thousands = part.replace(/[.,]/, "");
      const decimals = part.replace(",", ".");
      throw new Unclear(
        `Is “${part}” ${thousands} or ${Number(decimals)}? Type ${thousands} or ${decimals}0.`,
      );
    }
    if (GROUPS.test(part)) return Number(part.replaceAll(",", ""));
    const oneComma = part.split(",").length === 2 && !part.includes(".");
    const decimal = oneComma ? part.replace(",", ".") : part;
    if (!DECIMAL.test(decimal)) {
      throw new Unclear(
        `“${typed}” is no number that can be read here. ` +
          "Type, for example, 0.25, 1/4 or 2.5e-3.",
      );
    }
    return Number(decimal);
  }

  // ---- What all kinds of exercises share -----------------------------------------------------

  // A kind says what the reader's text is where nothing was written (`blank`), shows what is kept
  // (`load`), and says what else changes with a text (`withText`).
  class Exercise {
    constructor(host) {
      this.host = host;
      this.id = host.getAttribute("exercise");
      this.data = JSON.parse(host.dataset.exercise);
      this.state = store.get(this.id);
      this.others = new Others(this);
    }

    text(state) {
      return Object.fromEntries(
        Object.entries(this.blank).map(([name, blank]) => [name, state[name] ?? blank]),
      );
    }

    withText(text) {
      return text;
    }

    sameText(one, other) {
      return JSON.stringify(this.text(one)) === JSON.stringify(this.text(other));
    }

    // Added to what is in the store: another tab may have written since. If it has written a text
    // that was not seen here, and this one has another, both stay.
    keep(changes) {
      const stored = store.get(this.id);
      const overtaken = !this.sameText(stored, this.state);
      const writes = Object.keys(this.blank).some((name) => name in changes);
      this.state = { ...stored, ...changes };
      if (overtaken && writes) this.setAside(stored);
      store.set(this.id, this.state);
      if (overtaken && !writes) this.load();
      this.showMarks();
    }

    // Shows what another tab has kept since, or has forgotten.
    look() {
      const stored = store.get(this.id);
      if (JSON.stringify(stored) === JSON.stringify(this.state)) return;
      const before = this.state;
      const overtaken = !this.sameText(stored, before);
      this.state = stored;
      if (overtaken && store.memory.has(this.id)) {
        this.setAside(before);
        store.set(this.id, this.state);
      }
      const forgotten = !Object.keys(stored).length;
      if (overtaken || forgotten || stored.judged !== before.judged) this.load();
      this.showMarks();
    }

    setAside(state) {
      const texts = [this.text(state), ...(this.state.others ?? [])];
      const others = texts.filter(
        (text, k) =>
          !this.sameText(text, {}) &&
          !this.sameText(text, this.state) &&
          texts.findIndex((other) => this.sameText(other, text)) === k,
      );
      this.state = { ...this.state, others };
    }

    // After "Start this page again" there is nothing left to restore.
    restore() {
      this.state = store.get(this.id);
      this.load();
      this.showMarks();
    }

    showMarks() {
      this.showTick();
      this.others.show();
    }

    showTick() {
      const place = this.title();
      const tick = place?.querySelector(".mle-tick");
      if (!this.state.solved) tick?.remove();
      if (!this.state.solved || !place || tick) return;
      const made = make("span", "mle-tick");
      const sign = make("span", "", "✓");
      sign.setAttribute("aria-hidden", "true");
      made.append(" ", sign, " solved");
      place.append(made);
    }
  }

  // Texts that tabs have written over without having seen them: offered below the exercise, until
  // the reader says which one is to stay.
  class Others {
    constructor(exercise) {
      this.exercise = exercise;
      this.said = make("div");
      this.said.setAttribute("aria-live", "polite");
      this.buttons = make("div", "mle-buttons");
      this.buttons.append(
        makeButton("Show the other", () => this.exchange()),
        makeButton("Keep only this one", () => this.drop()),
      );
      this.place = make("div");
      this.place.append(this.said);
    }

    show() {
      const many = this.exercise.state.others?.length ?? 0;
      const hadFocus = this.buttons.contains(document.activeElement);
      const said = many > 1 ? `${many} other answers were` : "Another answer was";
      this.said.textContent = many ? `${said} kept here by another tab.` : "";
      if (!many) this.buttons.remove();
      else if (!this.buttons.parentNode) this.place.append(this.buttons);
      if (hadFocus && !many) this.exercise.host.querySelector("textarea, .mle-button").focus();
    }

    // The one that is shown comes last in the row.
    exchange() {
      const { state } = this.exercise;
      const [text, ...others] = state.others;
      const shown = this.exercise.sameText(state, {}) ? [] : [this.exercise.text(state)];
      this.exercise.keep({ ...this.exercise.withText(text), others: [...others, ...shown] });
      this.exercise.load();
    }

    drop() {
      this.exercise.keep({ others: [] });
    }
  }

  // ---- Quizzes -------------------------------------------------------------------------------

  class Quiz extends Exercise {
    constructor(host) {
      super(host);
      this.form = host.querySelector("form");
      this.inputs = [...host.querySelectorAll("input")];
      this.answer = host.querySelector(".mle-answer");
      this.status = makeStatus();
      const buttons = make("div", "mle-buttons");
      buttons.append(makeButton("Check", () => this.check()));
      host.querySelector("fieldset").append(buttons, this.status, this.others.place);
      // Not by the form's own submission: a frame in a sandbox may forbid that.
      this.form.addEventListener("submit", (event) => event.preventDefault());
      this.form.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !this.inputs.includes(event.target)) return;
        event.preventDefault();
        this.check();
      });
      this.form.addEventListener("input", () => this.changed());
      this.restore();
    }

    title() {
      return this.host.querySelector("legend");
    }

    load() {
      this.write(this.state.answer);
      this.answer.hidden = !this.state.tried;
      this.answer.open = false;
      this.status.replaceChildren();
      if (this.state.judged) this.show(this.judge());
    }

    changed() {
      // What was said of another answer would mislead.
      this.status.replaceChildren();
      this.keep(this.withText({ answer: this.read() }));
    }

    withText(text) {
      return { ...text, judged: false };
    }

    check() {
      const verdict = this.judge();
      this.show(verdict);
      bringIntoView(this.status);
      if (verdict.status === "not attempted") return;
      const solved = this.state.solved || verdict.status === "correct";
      this.keep({ answer: this.read(), judged: true, tried: true, solved });
      this.answer.hidden = false;
      const detail = { id: this.id, status: verdict.status };
      this.host.dispatchEvent(new CustomEvent("mle-checked", { bubbles: true, detail }));
    }

    show({ status, html = "", text = "" }) {
      const content = text ? make("p", "", text) : fragment(html);
      this.status.replaceChildren(box(status, TITLES[status], content));
    }
  }

  class Choice extends Quiz {
    get blank() {
      return { answer: [] };
    }

    read() {
      return this.inputs.filter((input) => input.checked).map((input) => input.value);
    }

    write(kept) {
      const letters = Array.isArray(kept) ? kept : [];
      for (const input of this.inputs) input.checked = letters.includes(input.value);
    }

    judge() {
      const several = this.host.getAttribute("kind") === "several";
      const chosen = this.read();
      if (!chosen.length) {
        const text = several ? "Tick what is true." : "Choose one of the options.";
        return { status: "not attempted", text };
      }
      const { right, feedback, why } = this.data;
      const wrong = this.inputs.filter(
        ({ checked, value }) => right.includes(value) !== checked && (several || checked),
      );
      if (!wrong.length) return { status: "correct", html: why };
      const said = wrong.map(
        ({ value }) =>
          `<p><strong class="notranslate" translate="no">${value}.</strong> ${feedback[value]}</p>`,
      );
      return { status: "incorrect", html: said.join("") };
    }
  }

  class Numeric extends Quiz {
    get blank() {
      return { answer: "" };
    }

    read() {
      return this.inputs[0].value;
    }

    write(text = "") {
      this.inputs[0].value = text;
    }

    judge() {
      try {
        return this.compare(parseNumber(this.read()));
      } catch (error) {
        if (error instanceof Unclear) return { status: "not attempted", text: error.message };
        throw error;
      }
    }

    compare(number) {
      const { answer, tolerance, near, otherwise, why } = this.data;
      if (Math.abs(number - answer) <= tolerance) return { status: "correct", html: why };
      const known = near.find(({ value, margin }) => Math.abs(number - value) <= margin);
      return { status: "incorrect", html: known ? known.advice : otherwise };
    }
  }

  // An open question is judged by the reader: done when there is a text and all lines are ticked.
  class Open extends Exercise {
    get blank() {
      return { text: "", ticks: [] };
    }

    constructor(host) {
      super(host);
      this.area = host.querySelector("textarea");
      this.ticks = [...host.querySelectorAll("input[type=checkbox]")];
      this.status = makeStatus();
      host.querySelector("fieldset").append(this.status, this.others.place);
      const form = host.querySelector("form");
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("input", () => this.changed());
      this.restore();
    }

    title() {
      return this.host.querySelector("legend");
    }

    load() {
      const { text = "", ticks = [] } = this.state;
      this.area.value = text;
      for (const input of this.ticks) input.checked = ticks.includes(input.value);
      this.host.querySelector(".mle-rubric").open = ticks.length > 0;
      this.showCount();
    }

    changed() {
      const ticked = this.ticks.filter((input) => input.checked).map((input) => input.value);
      this.keep(this.withText({ text: this.area.value, ticks: ticked }));
      this.showCount();
    }

    withText({ text, ticks }) {
      return { text, ticks, solved: text.trim() !== "" && ticks.length === this.ticks.length };
    }

    showCount() {
      const { text = "", ticks = [], solved } = this.state;
      const count = `${ticks.length} of ${this.ticks.length} lines ticked.`;
      let said = "";
      if (solved) said = "Done: your answer says all of this.";
      else if (text.trim()) said = count;
      else if (ticks.length) said = `${count} Write your answer first.`;
      // Only a change is to be read out, not every key.
      if (this.status.textContent !== said) this.status.textContent = said;
    }
  }

  // ---- The element ---------------------------------------------------------------------------

  const kinds = { choice: Choice, several: Choice, numeric: Numeric, open: Open };

  class MleExercise extends HTMLElement {
    static parseNumber = parseNumber;

    // For the rest of the program.
    static core = {
      Exercise,
      TITLES,
      box,
      bringIntoView,
      fragment,
      keepFromTranslation,
      make,
      makeButton,
      makeStatus,
      store,
    };

    static add(more) {
      Object.assign(kinds, more);
      for (const host of document.querySelectorAll("mle-exercise")) host.build();
    }

    connectedCallback() {
      // While a page is being read the element comes before what is in it.
      if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", () => this.build(), { once: true });
      } else this.build();
    }

    build() {
      const kind = kinds[this.getAttribute("kind")];
      if (this.view || !kind) return;
      keepCodeFromTranslation(this);
      passComposingBy(this);
      this.view = new kind(this);
    }
  }

  // On the site the tag of this program names the rest. It is fetched where there is code to run or
  // progress to show, be it by a mark in the list of chapters.
  const { src, dataset } = document.currentScript ?? {};
  let rest = dataset?.rest;

  function fetchRest() {
    const shown = document.querySelector("mle-exercise:is([kind=code], [kind=order], [kind=progress])");
    if (!rest || !(shown || store.all().length)) return;
    const script = make("script");
    script.src = new URL(rest, src);
    rest = null;
    document.head.append(script);
  }

  document.addEventListener("mle-progress", fetchRest);
  document.addEventListener("mle-progress", () => {
    for (const host of document.querySelectorAll("mle-exercise")) host.view?.look?.();
  });
  // Another tab may have kept something; a page that was out of sight has not been told of it.
  for (const [target, type] of [
    [window, "storage"],
    [window, "pageshow"],
    [document, "visibilitychange"],
  ]) {
    target.addEventListener(type, () => document.dispatchEvent(new Event("mle-progress")));
  }

  customElements.define("mle-exercise", MleExercise);
  fetchRest();
})();
