// What of the exercises only the site has: Python that runs code, and the reader's progress.
// The element itself and what all kinds share is mle_lib/exercises/static/exercises.js, which
// fetches this file where it is needed.

(() => {
  "use strict";
  const MleExercise = customElements.get("mle-exercise");
  const {
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
  } = MleExercise.core;

  const LIMIT_S = 20; // for one run of the reader's code
  const BY_FINGER = matchMedia("(hover: none) and (pointer: coarse)"); // there are no such keys
  const MISSING =
    "Its files are missing on this site, or something keeps them from being loaded.";

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
  // `onProgress(text, percent)`, `onOutput(text)` and, last and once, `onEnd(outcome)`.
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
      job.onProgress("Starting Python …");
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
      if (message.type === "step") {
        job?.onProgress(`Starting Python: ${message.text}`, message.percent);
      } else if (message.type === "ready") {
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
    Object.assign(area, { value, spellcheck: false, autocapitalize: "off" });
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
      this.buildRunning();
      this.addHints();
      this.addSolution();
      this.addReset();
      this.restore();
      whenNear(host, () => this.open());
    }

    get blank() {
      return { code: this.data.code };
    }

    withText({ code }) {
      return { code, judged: false, result: undefined, output: undefined };
    }

    // The chapter's own heading, which the task has for itself, stands outside of the element. Its
    // words may have been translated, and say nothing.
    title() {
      return this.host.closest("section")?.querySelector(":scope > :is(h2, h3, h4)");
    }

    load() {
      const { output = "", hints = 0 } = this.state;
      this.showHints(hints);
      this.showSolution(false);
      this.fill();
      this.offerUndo(null);
      if (this.job) return; // its own output and verdict are to come
      this.status.replaceChildren(...(this.isJudged() ? [this.correct()] : []));
      this.ofCode = true;
      this.printed.textContent = output;
      this.outputBox.hidden = !output;
    }

    // Only a right answer's verdict is kept. Its words are the page's own: those that once were kept
    // with it, or that a file brings, are not shown.
    isJudged() {
      return Boolean(this.state.judged || this.state.result);
    }

    correct() {
      return box("correct", TITLES.correct, fragment(this.data.why));
    }

    buildRunning() {
      this.place = make("div", "mle-editor");
      keepFromTranslation(this.place);
      this.place.hidden = true;
      this.place.addEventListener("keydown", (event) => this.key(event), true);
      this.keys = make(
        "p",
        "mle-keys",
        "Ctrl+Enter runs the code. Once you have begun to write, Tab indents; Escape, then Tab " +
          "leaves the editor.",
      );
      this.keys.id = `mle-keys-${++count}`;
      this.keys.hidden = BY_FINGER.matches;
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
      this.status.after(this.others.place);
    }

    openArea(place, code) {
      return openEditor(place, code);
    }

    // The editor takes the place of the cell. Asked for twice, it is opened once.
    open() {
      this.opening ??= this.openArea(this.place, this.text(this.state).code).then((area) => {
        this.area = area;
        this.fill(); // another tab may have written meanwhile
        area.translate = false;
        area.setAttribute("aria-label", `Code of ${this.host.getAttribute("label")}`);
        if (!this.keys.hidden) area.setAttribute("aria-describedby", this.keys.id);
        area.addEventListener("input", () => this.typed());
        area.addEventListener("blur", () => (this.leaving = this.begun = false));
        area.addEventListener("pointerdown", () => (this.begun = true));
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
      } else if (event.key === "Tab" && (this.leaving || !this.begun)) {
        event.stopPropagation(); // the editor would indent; the browser moves on
      } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        event.stopPropagation();
        this.run();
      } else if (event.key !== "Shift") {
        this.leaving = false;
        this.begun = true;
      }
    }

    // Not the reader's doing: nothing is to be kept of it.
    fill() {
      const { code } = this.text(this.state);
      if (!this.area || this.area.value === code) return;
      this.filling = true;
      this.area.value = code;
      this.area.dispatchEvent(new Event("input"));
      this.filling = false;
    }

    typed() {
      if (this.filling) return;
      this.offerUndo(null);
      this.keep(this.withText({ code: this.area.value }));
      if (!this.job) this.outdate();
    }

    // What was said of other code: that it was right would mislead; where it stopped is still needed.
    outdate() {
      if (!this.ofCode) return;
      const said = this.status.querySelector(".mle-result");
      if (said?.dataset.status === "correct") this.status.replaceChildren();
      else if (said) this.markOutdated();
    }

    markOutdated() {
      if (this.status.querySelector(".mle-outdated")) return;
      const text = "This is said of the code as it was when it was run; it has changed since.";
      this.status.append(make("p", "mle-outdated", text));
    }

    // ---- running

    async run() {
      if (this.job) return;
      const job = {
        limit: Number(this.host.getAttribute("limit") ?? LIMIT_S),
        onProgress: (text, percent) => this.showProgress(text, percent),
        onOutput: (text) => this.print(text),
        onEnd: (outcome) => this.ended(outcome),
      };
      this.job = job;
      this.progress = "";
      this.showRunning(true);
      this.printed.textContent = "";
      this.outputBox.hidden = true;
      await this.open();
      if (this.job !== job) return; // stopped meanwhile
      job.code = this.area.value;
      python.run(job);
    }

    // The text is read out when it changes; of the percentage, which changes often, a reader is
    // told on asking.
    showProgress(text, percent) {
      if (this.progress !== text) this.status.replaceChildren(make("p", "", text));
      this.progress = text; // what stands in the page may have been translated
      if (percent === undefined) return;
      let bar = this.status.querySelector("progress");
      if (!bar) {
        const line = make("p");
        bar = make("progress");
        bar.max = 100;
        bar.setAttribute("aria-label", "Python loaded");
        const seen = make("span");
        seen.setAttribute("aria-hidden", "true");
        line.append(bar, " ", seen);
        this.status.append(line);
      }
      bar.value = percent;
      bar.parentElement.lastChild.textContent = `${percent} %`;
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
      const { job } = this;
      this.look(); // while there is a job, what is printed and said stays
      this.job = null;
      if (hadFocus) this.runButton.focus();
      this.showRunning(false);
      this.status.replaceChildren(this.describe(outcome, job.limit));
      if (this.host.contains(document.activeElement)) bringIntoView(this.status);
      this.ofCode = outcome.kind === "done";
      const changed = this.ofCode && this.area.value !== job.code;
      if (changed) this.markOutdated();
      if (outcome.status !== "correct" || outcome.exercise !== this.id) return;
      const verdict = changed ? {} : { judged: true, output: this.printed.textContent };
      this.keep({ solved: true, ...verdict });
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
      if (outcome.exercise === this.id) return fragment(html);
      const shown = html ? fragment(html) : make("pre", "", text ?? "");
      const last = make("p", "", "The cell ran, but its last line is not ");
      last.append(make("code", "", `check("${this.id}", …)`), ".");
      const content = html || text ? [shown] : [];
      return box("not attempted", "Nothing was checked.", last, ...content);
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
      const link = make("a", "", "Open this chapter in Colab");
      link.href = this.data.colab;
      if (this.data.colab) text.append(link, ", where the same cell runs.");
      else text.append("In JupyterLab the same cell runs, in the notebook of this chapter.");
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
        bringIntoView(this.hints[hints - 1]);
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
        this.replaceAll(undone ?? this.data.code);
        this.offerUndo(undone === null ? before : null);
      });
      this.buttons.append(this.resetButton);
    }

    replaceAll(code) {
      replaceAll(this.area, code);
    }

    // Until something is typed, the code before the reset can be had back.
    offerUndo(code) {
      this.undo = code;
      this.resetButton.textContent = code === null ? "Reset" : "Undo reset";
    }
  }

  // ---- Lines to be put in order --------------------------------------------------------------

  // In place of the editor, for the rest of the program: its value is the whole cell. The lines from
  // `first` up to `end` are moved by buttons, so by finger and by keyboard too.
  class Lines extends EventTarget {
    constructor(place, code, [first, end]) {
      super();
      [this.first, this.end, this.length] = [first, end, code.split("\n").length];
      this.list = make("ol", "mle-lines");
      this.list.setAttribute("aria-label", "Lines, to be moved up and down");
      this.said = make("p", "mle-unseen");
      this.said.setAttribute("role", "status");
      this.before = make("pre", "mle-fixed");
      this.after = make("pre", "mle-fixed");
      place.append(this.before, this.list, this.after, this.said);
      this.value = code;
    }

    get value() {
      return this.lines.join("\n");
    }

    set value(code) {
      const lines = code.split("\n");
      if (lines.length !== this.length) return; // of another edition: the lines of this one stay
      this.lines = lines;
      this.before.textContent = lines.slice(0, this.first).join("\n");
      this.after.textContent = lines.slice(this.end).join("\n");
      this.list.replaceChildren(
        ...lines.slice(this.first, this.end).map((line, k) => this.item(line, this.first + k)),
      );
    }

    item(line, at) {
      const made = make("li");
      for (const [sign, word, by] of [
        ["↑", "up", -1],
        ["↓", "down", 1],
      ]) {
        const button = makeButton(sign, () => this.move(at, by));
        button.setAttribute("aria-label", `Move ${word}: ${line.trim()}`);
        const last = by < 0 ? this.first : this.end - 1;
        button.setAttribute("aria-disabled", String(at === last));
        made.append(button);
      }
      made.append(make("code", "", line));
      return made;
    }

    move(at, by) {
      const to = at + by;
      if (to < this.first || to >= this.end) return;
      const lines = [...this.lines];
      [lines[at], lines[to]] = [lines[to], lines[at]];
      this.value = lines.join("\n");
      const place = to - this.first;
      this.list.children[place].querySelectorAll("button")[by < 0 ? 0 : 1].focus();
      this.said.textContent = `Line ${place + 1} of ${this.end - this.first}.`;
      this.dispatchEvent(new Event("input"));
    }

    // what an editor's element has besides
    setAttribute() {}
  }

  class Order extends Code {
    buildRunning() {
      super.buildRunning();
      this.keys.hidden = true;
    }

    openArea(place, code) {
      return Promise.resolve(new Lines(place, code, this.data.lines));
    }

    replaceAll(code) {
      this.area.value = code;
      this.area.dispatchEvent(new Event("input"));
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

  // Asks in the browser's own dialog element: keyboard and focus are taken care of. The first choice
  // has the focus; Escape makes none.
  function ask(question, choices, otherwise = () => {}) {
    const dialog = make("dialog", "mle-dialog");
    const buttons = make("div", "mle-buttons");
    const text = make("p", "", question);
    text.id = `mle-question-${++count}`;
    dialog.setAttribute("aria-labelledby", text.id);
    let chosen = otherwise;
    for (const [name, action] of choices) {
      const choose = () => {
        chosen = action;
        dialog.close();
      };
      buttons.append(makeButton(name, choose));
    }
    buttons.firstChild.autofocus = true;
    dialog.append(text, buttons);
    dialog.addEventListener("close", () => {
      dialog.remove();
      chosen();
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  // Whatever a page shows beside what is kept, such as a solution, is as at the beginning again.
  function restoreAll() {
    for (const host of document.querySelectorAll("mle-exercise")) host.view?.restore?.();
    document.dispatchEvent(new Event("mle-progress"));
  }

  function forget(ids) {
    store.forget(ids);
    restoreAll();
  }

  // ---- Answers as a file ---------------------------------------------------------------------

  const KIND = "mle-book answers";
  const FORMAT = 1;

  const isObject = (value) => value?.constructor === Object;
  const isText = (value) => typeof value === "string";
  const isTexts = (value) => Array.isArray(value) && value.every(isText);
  const isCount = (value) => Number.isInteger(value) && value >= 0;
  const isFlag = (value) => typeof value === "boolean";
  const ENTRIES = new Map([
    ["answer", (value) => isText(value) || isTexts(value)],
    ["text", isText],
    ["ticks", isTexts],
    ["code", isText],
    ["output", isText],
    ["result", isText],
    ["hints", isCount],
    ["judged", isFlag],
    ["tried", isFlag],
    ["solved", isFlag],
    ["guess", isText],
    ["shown", isFlag],
    ["box", isCount],
    ["due", isCount],
    ["missed", isText],
    ["sections", isTexts],
    ["place", isText],
    ["at", isCount],
    ["others", (value) => Array.isArray(value) && value.every(isState)],
  ]);

  function isState(value) {
    if (!isObject(value)) return false;
    return Object.entries(value).every(([name, part]) => ENTRIES.get(name)?.(part) ?? true);
  }

  function writeFile() {
    const answers = Object.fromEntries(store.all().map((id) => [id, store.get(id)]));
    return JSON.stringify({ kind: KIND, format: FORMAT, answers }, null, 1);
  }

  class Unreadable extends Error {}

  // The states in a file, by exercise. They may be of another edition of the book.
  function readFile(text) {
    let found;
    try {
      found = JSON.parse(text);
    } catch {
      found = null;
    }
    if (!isObject(found) || found.kind !== KIND || !Number.isInteger(found.format)) {
      throw new Unreadable("is no file of this book’s answers, or is broken");
    }
    if (found.format > FORMAT) {
      throw new Unreadable("was saved by a later version of this book: load this page again first");
    }
    const { answers } = found;
    if (!isObject(answers) || !Object.values(answers).every(isState)) {
      throw new Unreadable("is broken");
    }
    return answers;
  }

  function sameState(one, other) {
    const sorted = (state) => Object.entries(JSON.parse(JSON.stringify(state))).sort();
    return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
  }

  const several = (n, singular, plural) => `${n} ${n === 1 ? singular : plural}`;

  // What was read is no answer, and goes along: of two lists of sections both stay.
  const isReading = (id) => id.startsWith("read-");

  function bothReadings(one, other) {
    const last = (one.at ?? 0) < (other.at ?? 0) ? other : one;
    return { ...last, sections: [...new Set([...(one.sections ?? []), ...(other.sections ?? [])])] };
  }

  const guesses = () =>
    [...document.querySelectorAll("mle-exercise[kind=guess]")].map((host) =>
      host.getAttribute("exercise"),
    );

  class Progress {
    constructor(host) {
      const { page } = JSON.parse(host.dataset.exercise);
      this.ids = exerciseList()[page] ?? [];
      this.text = make("p", "mle-count");
      this.text.setAttribute("role", "status");
      this.said = make("div", "mle-said"); // of files
      this.said.setAttribute("aria-live", "polite");
      this.file = make("input");
      this.file.type = "file";
      this.file.accept = ".json,application/json";
      this.file.hidden = true; // the button opens it
      this.file.addEventListener("change", () => this.read(this.file.files[0]));
      const start = make("div", "mle-buttons");
      start.append(
        makeButton("Start this page again", () =>
          ask("Forget the answers, the code and the ticks of this page?", [
            ["Keep them", () => {}],
            ["Forget this page’s", () => forget([...this.ids, ...guesses()])],
          ]),
        ),
        makeButton("Forget all answers", () =>
          ask("Forget the answers, the code, the ticks and what was read of the whole book?", [
            ["Keep them", () => {}],
            ["Forget all", () => this.forgetAll()],
          ]),
        ),
        makeButton("Save all answers to a file", () => this.save()),
        makeButton("Restore answers from a file", () => this.file.click()),
      );
      host.replaceChildren(this.text, start, this.file, this.said);
      document.addEventListener("mle-progress", () => this.show());
      this.show();
    }

    forgetAll() {
      forget(store.all());
      this.say("All of it is forgotten.");
    }

    say(text) {
      this.said.replaceChildren(make("p", "", text));
    }

    save() {
      const ids = store.all().filter((id) => !isReading(id));
      if (!ids.length) {
        this.say("There are no answers to save yet.");
        return;
      }
      const link = make("a");
      link.href = URL.createObjectURL(new Blob([writeFile()], { type: "application/json" }));
      link.download = `mle-book-answers-${new Date().toISOString().slice(0, 10)}.json`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      this.say(`Saved ${several(ids.length, "answer", "answers")} to ${link.download}.`);
    }

    async read(file) {
      this.file.value = ""; // or the same file could not be chosen again
      if (!file) return;
      try {
        this.compare(file.name, readFile(await file.text()));
      } catch (error) {
        const why = error instanceof Unreadable ? error.message : "cannot be read";
        this.say(`“${file.name}” ${why}. Nothing was changed.`);
      }
    }

    // What is here and differs is not written over unasked.
    compare(name, answers) {
      const exercises = new Set(Object.values(exerciseList()).flat());
      // of what a page has besides exercises there is no list
      const known = { has: (id) => exercises.has(id) || /^(guess|recall)-/.test(id) };
      const found = {
        name,
        answers,
        strange: Object.keys(answers).filter((id) => !known.has(id) && !isReading(id)),
        lacking: [],
        differing: [],
      };
      for (const id of Object.keys(answers).filter((id) => known.has(id))) {
        const here = store.get(id);
        if (!Object.keys(here).length) found.lacking.push(id);
        else if (!sameState(here, answers[id])) found.differing.push(id);
      }
      const { differing } = found;
      if (!differing.length) {
        this.take(found, []);
        return;
      }
      const named = differing.slice(0, 5).join(", ");
      const more = differing.length > 5 ? ` and ${differing.length - 5} more` : "";
      ask(
        `${several(differing.length, "answer", "answers")} in this browser ` +
          `${differing.length === 1 ? "differs" : "differ"} from what the file has: ${named}${more}.`,
        [
          ["Keep those here", () => this.take(found, [])],
          ["Replace them", () => this.take(found, differing)],
          ["Cancel", () => this.say("Nothing was changed.")],
        ],
        () => this.say("Nothing was changed."),
      );
    }

    take({ name, answers, strange, lacking, differing }, replaced) {
      const taken = [...lacking, ...replaced];
      for (const id of taken) store.set(id, answers[id]);
      for (const id of Object.keys(answers).filter(isReading)) {
        store.set(id, bothReadings(store.get(id), answers[id]));
      }
      restoreAll();
      const kept = differing.length - replaced.length;
      const said = [
        taken.length
          ? `Restored ${several(taken.length, "answer", "answers")} from “${name}”.`
          : `“${name}” has no other answers.`,
      ];
      if (kept) said.push(`Kept ${several(kept, "answer", "answers")} as here.`);
      if (strange.length) {
        const are = several(strange.length, "exercise", "exercises");
        said.push(`Left out what it has of ${are} that this book does not have.`);
      }
      if (taken.some((id) => store.memory.has(id))) {
        said.push("This browser stores nothing more: they last as long as this page is open.");
      }
      this.say(said.join(" "));
    }

    show() {
      const said = `${store.solved(this.ids)} of ${this.ids.length} solved, kept in this browser.`;
      if (this.text.textContent !== said) this.text.textContent = said;
    }
  }

  document.addEventListener("mle-progress", markChapters);
  MleExercise.limit = LIMIT_S;
  MleExercise.add({ code: Code, order: Order, progress: Progress });
  markChapters();
})();
