// The custom element <mle-exercise>: quizzes, code exercises and the reader's progress.
//
//   <mle-exercise kind="choice|several|numeric|open|code|progress" exercise="ID" label="…"
//     data-exercise='JSON'>…</mle-exercise>
//
// The HTML inside is written by mle_lib/exercises/html.py and can be read without this program,
// which adds what answers. Quizzes need nothing else; code exercises and the progress marks need
// the site. Everything that is kept stands in localStorage, one entry for each exercise; on the site
// that holds what this site has put there, and nothing of other sites on the same host
// (book/_ext/mle_book/storage.js). In a notebook an entry goes by the exercise alone, for the host
// is the reader's own there, and a notebook has no address that outlasts its being moved or copied.

(() => {
  "use strict";
  if (customElements.get("mle-exercise")) return; // a notebook brings this file with every quiz

  const LIMIT_S = 20; // for one run of the reader's code
  const MISSING =
    "Its files are missing on this site, or something keeps them from being loaded.";
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

  // HTML of the book's own: from the definitions, or from the checks that ran in the worker.
  function fragment(html) {
    const template = make("template");
    template.innerHTML = html;
    keepCodeFromTranslation(template.content);
    return template.content;
  }

  // ---- What is kept --------------------------------------------------------------------------

  // Storage may be forbidden or full (private windows, frames). Then answers last as long as the
  // page does: in memory stands what could not be stored, and nothing else.
  const store = {
    memory: new Map(),

    get(id) {
      return this.memory.get(id) ?? this.read(id);
    },

    read(id) {
      try {
        const value = JSON.parse(localStorage.getItem(PREFIX + id));
        return value && typeof value === "object" ? value : {};
      } catch {
        return {};
      }
    },

    set(id, state) {
      try {
        localStorage.setItem(PREFIX + id, JSON.stringify(state));
        this.memory.delete(id);
      } catch {
        this.memory.set(id, state);
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
    const oneComma = part.split(",").length === 2 && !part.includes(".");
    if (GROUPS.test(part)) {
      const thousands = part.replaceAll(",", "");
      if (!oneComma) return Number(thousands);
      const decimals = part.replace(",", ".");
      throw new Unclear(
        `Is “${part}” ${thousands} or ${Number(decimals)}? Type ${thousands} or ${decimals}.`,
      );
    }
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

  class Exercise {
    constructor(host) {
      this.host = host;
      this.id = host.getAttribute("exercise");
      this.data = JSON.parse(host.dataset.exercise);
      this.state = store.get(this.id);
    }

    keep(changes) {
      // From the store, not from here: another tab may have written since.
      this.state = { ...store.get(this.id), ...changes };
      store.set(this.id, this.state);
      this.showTick();
    }

    // After "Start this page again" there is nothing left to restore.
    restore() {
      this.state = store.get(this.id);
      this.load();
      this.showTick();
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
      host.querySelector("fieldset").append(buttons, this.status);
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
      this.keep({ answer: this.read(), judged: false });
    }

    check() {
      const verdict = this.judge();
      this.show(verdict);
      if (verdict.status === "not attempted") return;
      const solved = this.state.solved || verdict.status === "correct";
      this.keep({ answer: this.read(), judged: true, tried: true, solved });
      this.answer.hidden = false;
    }

    show({ status, html = "", text = "" }) {
      const content = text ? make("p", "", text) : fragment(html);
      this.status.replaceChildren(box(status, TITLES[status], content));
    }
  }

  class Choice extends Quiz {
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
    constructor(host) {
      super(host);
      this.text = host.querySelector("textarea");
      this.ticks = [...host.querySelectorAll("input[type=checkbox]")];
      this.status = makeStatus();
      host.querySelector("fieldset").append(this.status);
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
      this.text.value = text;
      for (const input of this.ticks) input.checked = ticks.includes(input.value);
      this.host.querySelector(".mle-rubric").open = ticks.length > 0;
      this.showCount();
    }

    changed() {
      const ticked = this.ticks.filter((input) => input.checked).map((input) => input.value);
      const solved = this.text.value.trim() !== "" && ticked.length === this.ticks.length;
      this.keep({ text: this.text.value, ticks: ticked, solved });
      this.showCount();
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

  // ---- Python in a worker: one for the page, started at the first Run ------------------------

  function siteUrl(path) {
    const root = document.documentElement.dataset.content_root;
    return root === undefined ? null : new URL(root + path, document.baseURI).href;
  }

  // Why Python cannot run here, as far as that is known beforehand.
  function obstacle() {
    if (location.protocol === "file:") {
      return (
        "This page was opened as a file. A browser starts Python only on a page that comes " +
        "from a server, over http."
      );
    }
    if (typeof WebAssembly !== "object" || typeof Worker !== "function" || !siteUrl("")) {
      return "This browser or this frame lacks what Python needs: WebAssembly and workers.";
    }
    return "";
  }

  // Runs one job at a time; the others wait. A job has `code`, `limit` in seconds, and is told of
  // `onProgress(text)`, `onOutput(text)` and, last and once, `onEnd(outcome)`.
  const python = {
    worker: null,
    ready: false,
    timer: 0,
    jobs: [],

    run(job) {
      this.jobs.push(job);
      if (this.jobs.length === 1) this.next();
      else job.onProgress("Waiting: another exercise is running.");
    },

    next() {
      const job = this.jobs[0];
      if (!job) return;
      if (this.ready) this.send(job);
      else this.start(job);
    },

    send(job) {
      job.onProgress("Running …");
      this.worker.postMessage({ code: job.code });
      // The limit counts the reader's code, not the download: the worker is ready.
      this.timer = setTimeout(() => this.stop(job, "time"), job.limit * 1000);
    },

    start(job) {
      const reason = obstacle();
      if (reason) {
        this.end({ kind: "unavailable", reason });
        return;
      }
      job.onProgress("Starting Python: about 10 MB, once …");
      let worker;
      try {
        worker = this.worker = new Worker(siteUrl("_exercises/worker.mjs"), { type: "module" });
      } catch (error) {
        this.fail(String(error));
        return;
      }
      // What a worker said before it was ended may come late.
      worker.addEventListener("message", ({ data }) => {
        if (worker === this.worker) this.hear(data);
      });
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        if (worker === this.worker) this.fail(event.message || MISSING);
      });
    },

    hear(message) {
      const job = this.jobs[0];
      if (message.type === "step") job?.onProgress(`Starting Python: ${message.text}`);
      else if (message.type === "ready") {
        this.ready = true;
        this.next();
      } else if (message.type === "output") job?.onOutput(message.text);
      else if (message.type === "done") this.end({ kind: "done", ...message.outcome });
      else this.fail(message.reason);
    },

    // The worker cannot go on. The next run starts another.
    fail(reason) {
      const kind = this.ready ? "crashed" : "unavailable";
      this.terminate();
      this.end({ kind, reason });
    },

    // A busy worker hears nothing: to stop it is to end it.
    stop(job, why) {
      if (this.jobs[0] === job) {
        this.terminate();
        this.end({ kind: "stopped", why });
      } else if (this.jobs.includes(job)) {
        this.jobs.splice(this.jobs.indexOf(job), 1);
        job.onEnd({ kind: "stopped", why });
      } else job.onEnd({ kind: "stopped", why }); // its editor is still loading
    },

    terminate() {
      this.worker?.terminate();
      this.worker = null;
      this.ready = false;
    },

    end(outcome) {
      clearTimeout(this.timer);
      this.jobs.shift()?.onEnd(outcome);
      this.next();
    },
  };

  // ---- The editor ----------------------------------------------------------------------------

  // Both editors are a <textarea>; the good one, loaded when it is first needed, draws its text in
  // colours on top. If it cannot be loaded the plain one does.
  async function openEditor(place, value) {
    try {
      const { openPythonEditor } = await import(siteUrl("_exercises/editor/editor.mjs"));
      return openPythonEditor(place, value);
    } catch {
      return openPlainEditor(place, value);
    }
  }

  function openPlainEditor(place, value) {
    const area = make("textarea", "mle-plain-editor");
    Object.assign(area, { value, spellcheck: false, autocapitalize: "off", wrap: "off" });
    const fit = () => (area.rows = area.value.split("\n").length + 1);
    area.addEventListener("input", fit);
    area.addEventListener("keydown", (event) => {
      if (event.key !== "Tab" || event.shiftKey || event.defaultPrevented) return;
      event.preventDefault();
      insert(area, "    ");
    });
    fit();
    place.append(area);
    return area;
  }

  // Typing by program: what `area.value = …` puts in cannot be undone by the reader.
  function insert(area, text) {
    const command = text ? "insertText" : "delete";
    if (document.execCommand(command, false, text)) return;
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  function replaceAll(area, text) {
    const before = document.activeElement;
    area.focus({ preventScroll: true });
    area.select();
    insert(area, text);
    before?.focus({ preventScroll: true });
  }

  // Calls back once, when the element comes near the window or gets the focus.
  function whenNear(element, callback) {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) go();
      },
      { rootMargin: "600px" },
    );
    const go = () => {
      observer.disconnect();
      element.removeEventListener("focusin", go);
      callback();
    };
    observer.observe(element);
    element.addEventListener("focusin", go);
  }

  // ---- Code exercises ------------------------------------------------------------------------

  let count = 0; // makes ids unique on the page

  class Code extends Exercise {
    constructor(host) {
      super(host);
      this.cell = host.querySelector(".mle-cell");
      this.buttons = make("div", "mle-buttons");
      this.status = makeStatus();
      host.setAttribute("role", "group");
      host.setAttribute("aria-label", host.getAttribute("label"));
      if (this.data.needs) this.cell.after(...this.elsewhere(), this.buttons);
      else this.buildRunning();
      this.addHints();
      this.addSolution();
      if (!this.data.needs) this.addReset();
      this.restore();
      if (!this.data.needs) whenNear(host, () => this.open());
    }

    // The chapter's own heading, which the task has for itself, stands outside of the element. Its
    // words may have been translated, and say nothing.
    title() {
      return this.host.closest("section")?.querySelector(":scope > :is(h2, h3, h4)");
    }

    load() {
      const { code = this.data.code, result = "", output = "", hints = 0 } = this.state;
      this.fill(code);
      this.showHints(hints);
      this.showSolution(false);
      this.status.replaceChildren(fragment(result));
      if (this.data.needs) {
        this.claim.checked = Boolean(this.state.solved);
      } else {
        this.printed.textContent = output;
        this.outputBox.hidden = !output;
        this.offerUndo(null);
      }
    }

    elsewhere() {
      const said = make("p", "mle-elsewhere", `This exercise needs ${this.data.needs}, `);
      said.append("which does not run on this page. ", this.colab("Run it in Colab"), ".");
      // This page cannot see what is checked there.
      const claim = make("label", "mle-option");
      this.claim = make("input");
      this.claim.type = "checkbox";
      this.claim.addEventListener("change", () => this.keep({ solved: this.claim.checked }));
      claim.append(this.claim, make("span", "", "The check there said: Correct."));
      return [said, claim];
    }

    colab(text) {
      const link = make("a", "", text);
      link.href = this.data.colab;
      return link;
    }

    buildRunning() {
      this.place = make("div", "mle-editor");
      keepFromTranslation(this.place);
      this.place.hidden = true;
      this.place.addEventListener("keydown", (event) => this.key(event), true);
      this.keys = make(
        "p",
        "mle-keys",
        "Ctrl+Enter runs the code. Tab indents; Escape, then Tab leaves the editor.",
      );
      this.keys.id = `mle-keys-${++count}`;
      this.runButton = makeButton("Run", () => this.run());
      this.runButton.classList.add("mle-primary");
      this.stopButton = makeButton("Stop", () => python.stop(this.job, "reader"));
      this.stopButton.hidden = true;
      this.buttons.append(this.runButton, this.stopButton);
      this.outputBox = make("div", "mle-output");
      this.printed = make("pre");
      // It may scroll, which needs the focus where there is no mouse.
      this.outputBox.tabIndex = 0;
      this.outputBox.setAttribute("role", "group");
      this.outputBox.setAttribute("aria-label", "Printed");
      this.outputBox.append(make("p", "mle-caption", "Printed"), this.printed);
      this.cell.after(this.place, this.keys, this.buttons, this.outputBox, this.status);
    }

    // The editor takes the place of the cell. Asked for twice, it is opened once.
    open() {
      this.opening ??= openEditor(this.place, this.state.code ?? this.data.code).then((area) => {
        this.area = area;
        area.translate = false;
        area.setAttribute("aria-label", `Code of ${this.host.getAttribute("label")}`);
        area.setAttribute("aria-describedby", this.keys.id);
        area.addEventListener("input", () => this.typed());
        area.addEventListener("blur", () => (this.leaving = false));
        this.cell.hidden = true;
        this.place.hidden = false;
      });
      return this.opening;
    }

    // Seen before the editor sees it.
    key(event) {
      if (event.key === "Escape") {
        this.leaving = true;
        event.stopPropagation();
      } else if (event.key === "Tab" && this.leaving) {
        event.stopPropagation(); // the editor would indent; the browser moves on
      } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        event.stopPropagation();
        this.run();
      } else if (event.key !== "Shift") this.leaving = false;
    }

    // Not the reader's doing: nothing is to be kept of it.
    fill(code) {
      if (!this.area || this.area.value === code) return;
      this.filling = true;
      this.area.value = code;
      this.area.dispatchEvent(new Event("input"));
      this.filling = false;
    }

    typed() {
      if (this.filling) return;
      this.offerUndo(null);
      this.keep({ code: this.area.value, result: "", output: "" });
    }

    // ---- running

    async run() {
      if (this.job) return;
      const job = {
        limit: Number(this.host.getAttribute("limit") ?? LIMIT_S),
        onProgress: (text) => this.status.replaceChildren(make("p", "", text)),
        onOutput: (text) => this.print(text),
        onEnd: (outcome) => this.ended(outcome),
      };
      this.job = job;
      this.showRunning(true);
      this.printed.textContent = "";
      this.outputBox.hidden = true;
      await this.open();
      if (this.job !== job) return; // stopped meanwhile
      job.code = this.area.value;
      python.run(job);
    }

    // A button that is disabled would lose the focus.
    showRunning(running) {
      this.stopButton.hidden = !running;
      this.runButton.setAttribute("aria-disabled", String(running));
      if (!running && document.activeElement === this.stopButton) this.runButton.focus();
    }

    print(text) {
      this.outputBox.hidden = false;
      this.printed.append(text);
    }

    ended(outcome) {
      const hadFocus = document.activeElement === this.stopButton;
      const limit = this.job.limit;
      this.job = null;
      if (hadFocus) this.runButton.focus();
      this.showRunning(false);
      this.status.replaceChildren(this.describe(outcome, limit));
      if (outcome.status !== "correct" || outcome.exercise !== this.id) return;
      const result = this.status.innerHTML;
      this.keep({ solved: true, result, output: this.printed.textContent });
    }

    describe(outcome, limit) {
      const { kind, reason, why, error, html, text } = outcome;
      if (kind === "unavailable") return this.unavailable(reason);
      if (kind === "crashed") {
        const said = `Python itself gave up (${reason}). The next run starts it anew.`;
        return box("incorrect", "Python stopped.", make("p", "", said));
      }
      if (kind === "stopped") return this.stopped(why, limit);
      if (error) return box("incorrect", "Your code stopped.", make("pre", "", error));
      if (outcome.exercise === this.id) return this.checked(outcome);
      const shown = html ? fragment(html) : make("pre", "", text ?? "");
      const last = make("p", "", "The cell ran, but its last line is not ");
      last.append(make("code", "", `check("${this.id}", …)`), ".");
      const content = html || text ? [shown] : [];
      return box("not attempted", "Nothing was checked.", last, ...content);
    }

    // The check's own words, but for the hint, which has a button here.
    checked({ status, html }) {
      if (status !== "not attempted") return fragment(html);
      const said = "Write your answer in place of ... and run it. Stuck? Ask for a hint below.";
      return box(status, TITLES[status], make("p", "", said));
    }

    stopped(why, limit) {
      const said =
        why === "time"
          ? `It ran for ${limit} seconds without an end. Does a loop never stop? `
          : "You stopped it. ";
      const text = make("p", "", `${said}The next run starts Python anew, in a few seconds.`);
      return box("not attempted", "Stopped.", text);
    }

    unavailable(reason) {
      const text = make("p", "", `${reason} `);
      text.append(this.colab("Open this chapter in Colab"), ", where the same cell runs.");
      return box("not attempted", "Python could not start on this page.", text);
    }

    // ---- hints, solution, reset

    addHints() {
      this.hints = [...this.host.querySelectorAll("details.mle-hint")];
      const shown = make("div", "mle-hints");
      shown.setAttribute("aria-live", "polite");
      this.hints[0]?.before(shown);
      shown.append(...this.hints);
      this.hints.forEach((hint, k) => {
        hint.querySelector("summary").textContent = `Hint ${k + 1} of ${this.hints.length}`;
      });
      this.hintButton = makeButton("Hint", () => {
        const hints = Math.min((this.state.hints ?? 0) + 1, this.hints.length);
        this.keep({ hints });
        this.showHints(hints);
        this.hints[hints - 1].open = true;
      });
      if (this.hints.length) this.buttons.append(this.hintButton);
    }

    showHints(shown) {
      const all = this.hints.length;
      this.hints.forEach((hint, k) => (hint.hidden = k >= shown));
      this.hintButton.textContent = shown < all ? `Hint ${shown + 1} of ${all}` : "All hints shown";
      this.hintButton.setAttribute("aria-disabled", String(shown >= all));
    }

    addSolution() {
      this.solution = this.host.querySelector("details.mle-solution");
      this.solutionButton = makeButton("Solution", () => this.showSolution(this.solution.hidden));
      this.buttons.append(this.solutionButton);
    }

    showSolution(shown) {
      this.solution.hidden = !shown;
      this.solution.open = shown;
      // Long lines scroll, by keyboard too. While it was hidden the theme saw nothing to scroll.
      for (const code of this.solution.querySelectorAll("pre")) {
        code.tabIndex = code.scrollWidth > code.clientWidth ? 0 : -1;
      }
      this.solutionButton.setAttribute("aria-expanded", String(shown));
    }

    addReset() {
      this.resetButton = makeButton("Reset", async () => {
        await this.open();
        const before = this.area.value;
        const undone = this.undo;
        replaceAll(this.area, undone ?? this.data.code);
        this.offerUndo(undone === null ? before : null);
      });
      this.buttons.append(this.resetButton);
    }

    // Until something is typed, the code before the reset can be had back.
    offerUndo(code) {
      this.undo = code;
      this.resetButton.textContent = code === null ? "Reset" : "Undo reset";
    }
  }

  // ---- Progress ------------------------------------------------------------------------------

  // The exercises of each page, by the page's path without ".html". Only the site has this list.
  function exerciseList() {
    const list = document.getElementById("mle-exercise-list");
    return list ? JSON.parse(list.textContent) : {};
  }

  // "3/5" behind a chapter's name in the list of chapters.
  function markChapters() {
    const list = exerciseList();
    const root = siteUrl("");
    for (const link of document.querySelectorAll("nav.bd-links a[href]")) {
      const path = link.href.replace(/(\.html)?([?#].*)?$/, "").slice(root?.length);
      const ids = root && link.href.startsWith(root) ? list[path] : null;
      link.querySelector(".mle-mark")?.remove();
      const solved = ids ? store.solved(ids) : 0;
      if (solved) link.append(mark(solved, ids.length));
    }
  }

  function mark(solved, all) {
    const made = make("span", "mle-mark");
    const seen = make("span", "", `${solved}/${all}`);
    seen.setAttribute("aria-hidden", "true");
    made.append(" ", seen, make("span", "mle-unseen", `, ${solved} of ${all} exercises solved`));
    return made;
  }

  // Asks in the browser's own dialog element: keyboard and focus are taken care of.
  function confirmThen(question, yes, action) {
    const dialog = make("dialog", "mle-dialog");
    const buttons = make("div", "mle-buttons");
    const text = make("p", "", question);
    text.id = `mle-question-${++count}`;
    dialog.setAttribute("aria-labelledby", text.id);
    const no = makeButton("Keep them", () => dialog.close());
    no.autofocus = true;
    const go = makeButton(yes, () => {
      dialog.close();
      action();
    });
    buttons.append(no, go);
    dialog.append(text, buttons);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  function forget(ids) {
    store.forget(ids);
    for (const host of document.querySelectorAll("mle-exercise")) host.view?.restore?.();
    document.dispatchEvent(new Event("mle-progress"));
  }

  class Progress {
    constructor(host) {
      const { page } = JSON.parse(host.dataset.exercise);
      this.ids = exerciseList()[page] ?? [];
      this.text = make("p", "mle-count");
      this.text.setAttribute("role", "status");
      const buttons = make("div", "mle-buttons");
      buttons.append(
        makeButton("Start this page again", () =>
          confirmThen(
            "Forget the answers, the code and the ticks of this page?",
            "Forget this page’s",
            () => forget(this.ids),
          ),
        ),
        makeButton("Forget all answers", () =>
          confirmThen(
            "Forget the answers, the code and the ticks of the whole book?",
            "Forget all",
            () => forget(store.all()),
          ),
        ),
      );
      host.replaceChildren(this.text, buttons);
      document.addEventListener("mle-progress", () => this.show());
      this.show();
    }

    show() {
      const said = `${store.solved(this.ids)} of ${this.ids.length} solved, kept in this browser.`;
      if (this.text.textContent !== said) this.text.textContent = said;
    }
  }

  // ---- The element ---------------------------------------------------------------------------

  const KINDS = {
    choice: Choice,
    several: Choice,
    numeric: Numeric,
    open: Open,
    code: Code,
    progress: Progress,
  };

  class MleExercise extends HTMLElement {
    static parseNumber = parseNumber;
    static limit = LIMIT_S;

    connectedCallback() {
      // While a page is being read the element comes before what is in it.
      if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", () => this.build(), { once: true });
      } else this.build();
    }

    build() {
      if (this.view) return;
      keepCodeFromTranslation(this);
      passComposingBy(this);
      this.view = new KINDS[this.getAttribute("kind")](this);
    }
  }

  document.addEventListener("mle-progress", markChapters);
  // Another tab has kept something.
  window.addEventListener("storage", () => document.dispatchEvent(new Event("mle-progress")));

  customElements.define("mle-exercise", MleExercise);
  markChapters();
})();
