// What a page asks before it tells, and what it remembers of a reader: guesses, questions on earlier
// chapters and when they are due again, sections read. The element <mle-exercise> and what is kept
// are those of mle_lib/exercises/static/exercises.js.

(() => {
  "use strict";
  const MleExercise = customElements.get("mle-exercise");
  if (!MleExercise) return;
  const { Exercise, make, makeButton, makeStatus, store } = MleExercise.core;
  const root = new URL(document.documentElement.dataset.content_root ?? ".", document.baseURI);
  const PAGE = location.pathname.slice(root.pathname.length).replace(/(\.html)?$/, "");

  // ---- A guess, and what answers it ------------------------------------------------------------

  const OUTCOME = "mle-outcome";
  const ALL = "guess-all"; // the entry of who wants to see everything at once

  // Found by its text and by links, where a browser knows how, and then shown.
  function veil(element, hidden) {
    if (hidden) element.setAttribute("hidden", "until-found");
    else element.removeAttribute("hidden");
  }

  const WHY = "mle-exercise[data-of]";
  const PREDICTION = "mle-exercise[data-prediction]";
  const taken = new WeakSet(); // what waits for a guess, a prediction below it does not open

  // What waits below a box or a question.
  function outcomeBelow(box) {
    const found = [];
    for (let next = box.nextElementSibling; next; next = next.nextElementSibling) {
      if (next.matches("section, .mle-callout-guess")) break;
      if (found.length && next.querySelector(`:scope > ${PREDICTION}`)) break;
      if (next.matches(`.${OUTCOME}`)) found.push(next);
      else found.push(...next.querySelectorAll(`:scope > .${OUTCOME}`));
    }
    if (!found.length) found.push(...inTheNextSection(box));
    const own = found.filter((element) => !taken.has(element));
    own.forEach((element) => taken.add(element));
    return own;
  }

  function inTheNextSection(box) {
    const next = box.closest("article > section > section")?.nextElementSibling;
    const first = next?.querySelector(`.mle-callout-guess, ${PREDICTION}`);
    const all = [...(next?.querySelectorAll(`.${OUTCOME}`) ?? [])];
    const follows = Node.DOCUMENT_POSITION_FOLLOWING;
    return all.filter((e) => !first || e.compareDocumentPosition(first) & follows);
  }

  class Guess extends Exercise {
    get blank() {
      return { guess: "" };
    }

    constructor(host) {
      super(host);
      this.outcome = outcomeBelow(host.closest(".mle-callout-guess"));
      for (const element of this.outcome) {
        element.addEventListener("beforematch", () => this.show({ shown: true }));
      }
      this.field = make("input");
      this.field.type = "text";
      this.field.autocomplete = "off";
      this.field.addEventListener("input", () => this.keep({ guess: this.field.value }));
      this.field.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        this.answer();
      });
      const label = make("label", "mle-number");
      label.append(make("span", "", "Your guess"), this.field);
      const buttons = make("div", "mle-buttons");
      const all = makeButton("Show all of this book", () => store.set(ALL, { shown: true }));
      buttons.append(
        makeButton("Show what came out", () => this.answer()),
        makeButton("Show it without a guess", () => this.show({ shown: true })),
        all,
      );
      all.title = "Nothing waits for a guess any more; the page of your progress takes it back.";
      this.status = makeStatus();
      this.form = make("div", "mle-guess");
      this.form.append(label, buttons, this.status);
      this.guessed = make("p", "mle-guessed");
      this.guessed.tabIndex = -1;
      host.append(this.form, this.others.place);
      this.outcome[0]?.before(this.guessed);
      this.restore();
    }

    title() {
      return null;
    }

    answer() {
      if (this.field.value.trim()) this.show({ guess: this.field.value, shown: true });
      else this.status.textContent = "Type a guess first: a word or a number will do.";
    }

    show(changes) {
      const hadFocus = this.form.contains(document.activeElement);
      this.status.textContent = "";
      this.keep(changes);
      this.load();
      if (!hadFocus) return;
      this.guessed.focus();
      this.guessed.scrollIntoView({ block: "center" });
    }

    look() {
      super.look();
      this.load();
    }

    load() {
      const { guess = "", shown } = this.state;
      const open = Boolean(shown || store.get(ALL).shown);
      if (document.activeElement !== this.field) this.field.value = guess;
      this.form.hidden = open;
      this.guessed.hidden = !open && this.outcome.length > 0;
      this.guessed.textContent = open && guess.trim() ? `You guessed: ${guess.trim()}` : "";
      if (!open) this.guessed.textContent = "";
      this.guessed.classList.toggle("mle-unseen", !this.guessed.textContent);
      if (open === this.open) return;
      this.open = open;
      for (const element of this.outcome) veil(element, !open);
    }
  }

  // A question with a prediction is a guess, whose answer is a number.
  class Prediction {
    constructor(host) {
      this.id = host.getAttribute("exercise");
      this.outcome = outcomeBelow(host.closest(".cell") ?? host);
      if (!this.outcome.length) return;
      for (const element of this.outcome) {
        element.addEventListener("beforematch", () => this.keep());
      }
      this.button = makeButton("Show it without a guess", () => this.keep());
      host.querySelector(".mle-buttons").append(this.button);
      document.addEventListener("mle-progress", () => this.show());
      this.show();
    }

    keep() {
      store.set(this.id, { ...store.get(this.id), shown: true });
    }

    show() {
      const { tried, solved, shown } = store.get(this.id);
      const open = Boolean(tried || solved || shown || store.get(ALL).shown);
      if (open === this.open) return;
      this.open = open;
      for (const element of this.outcome) veil(element, !open);
      this.button.hidden = open;
    }
  }

  // Why something is right is asked of who has it, or has looked at the solution.
  class Why {
    constructor(host) {
      this.host = host;
      this.id = host.getAttribute("exercise");
      this.of = host.dataset.of;
      const code = document.querySelector(`mle-exercise[exercise="${this.of}"]`);
      code?.addEventListener("toggle", ({ target }) => this.seen(target), true);
      host.addEventListener("beforematch", () => veil(host, false));
      document.addEventListener("mle-progress", () => this.show());
      this.show();
    }

    seen(target) {
      if (target.open && target.matches(".mle-solution")) veil(this.host, false);
    }

    show() {
      const waits = !store.get(this.of).solved && !store.get(this.id).tried;
      if (waits !== this.waits) veil(this.host, waits);
      this.waits = waits;
    }
  }

  // A link may lead into what is hidden.
  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const within = `:is(.${OUTCOME}, ${WHY})[hidden]`; // a cell itself is in view, what it gave is not
    const cell = target?.closest(".cell");
    const hidden = target?.closest(within) ?? cell?.querySelector(`:scope > ${within}`);
    if (!hidden) return;
    hidden.dispatchEvent(new Event("beforematch"));
    target.scrollIntoView();
  }

  // ---- Questions on earlier chapters -----------------------------------------------------------

  const DAY = 86_400_000;
  const DAYS = [1, 3, 7, 21, 60]; // until a question is asked again, by how often it was known
  const FORGOTTEN = "book/forgotten";

  const isRecall = (id) => id.startsWith("recall-");
  const isDue = ({ due }) => due !== undefined && due <= Date.now();

  // The first answer counts; who tries again on the same day is only learning.
  document.addEventListener("mle-checked", ({ detail: { id, status } }) => {
    const state = store.get(id);
    if (!isRecall(id) || state.due > Date.now()) return;
    const right = status === "correct";
    const box = right ? Math.min((state.box ?? 0) + 1, DAYS.length - 1) : 0;
    const { missed, ...rest } = state;
    const again = right ? {} : { missed: PAGE };
    store.set(id, { ...rest, ...again, box, due: Date.now() + DAYS[box] * DAY });
  });

  // Asked again, a question stands there without the answer that was given last time.
  function askAgain(id) {
    const { answer, judged, tried, solved, due, ...rest } = store.get(id);
    store.set(id, { ...rest, due: Math.min(due ?? 0, Date.now()) });
  }

  const idOf = (host) => host.getAttribute("exercise");
  const questionIn = (page, id) => page.querySelector(`mle-exercise[exercise="${id}"]`);

  // Of the questions that open a chapter, those that were missed two chapters ago come first; and in
  // place of one that was answered these days comes another on the same chapter.
  async function openChapter(place) {
    const hosts = [...place.querySelectorAll("mle-exercise")];
    const ids = hosts.map(idOf);
    for (const id of ids.filter((id) => isDue(store.get(id)))) askAgain(id);
    const before = chapterPages()[chapterPages().indexOf(PAGE) - 2];
    const missed = store.all().filter((id) => isRecall(id) && store.get(id).missed === (before ?? ""));
    for (const id of missed.filter((id) => ids.includes(id))) askAgain(id);
    const lacking = missed.filter((id) => !ids.includes(id));
    const answered = hosts.filter((host) => store.get(idOf(host)).due > Date.now());
    if (!lacking.length && !answered.length) return;
    let all;
    try {
      const text = await (await fetch(new URL(`${FORGOTTEN}.html`, root))).text();
      all = new DOMParser().parseFromString(text, "text/html");
    } catch {
      return; // a page opened as a file: these three do
    }
    const put = (host, id) => {
      const other = questionIn(all, id);
      if (!host || !other || questionIn(place, id)) return;
      askAgain(id);
      host.replaceWith(document.importNode(other, true));
    };
    for (const id of lacking) {
      const open = [...place.querySelectorAll("mle-exercise")].filter((h) => !missed.includes(idOf(h)));
      put(open.find((host) => answered.includes(host)) ?? open.at(-1), id);
    }
    for (const host of answered.filter((host) => host.isConnected)) {
      const others = questionIn(all, idOf(host))?.closest("details")?.querySelectorAll("mle-exercise");
      const fresh = [...(others ?? [])].map(idOf).find((id) => store.get(id).due === undefined);
      if (fresh) put(host, fresh);
    }
    const title = place.querySelector(".mle-recall-title");
    for (const id of missed) if (questionIn(place, id)) title.after(questionIn(place, id));
  }

  const chapterPages = () => [
    ...new Set(
      [...document.querySelectorAll("nav.bd-links a[href]")].map((link) =>
        new URL(link.href).pathname.slice(root.pathname.length).replace(/(\.html)?$/, ""),
      ),
    ),
  ];

  // The page of all questions: above, those that are due.
  class AllQuestions {
    constructor(place) {
      this.hosts = [...place.querySelectorAll("mle-exercise")];
      this.said = makeStatus();
      this.list = make("div", "mle-due");
      this.more = makeButton("Ask me three others", () => this.ask(this.others().slice(0, 3)));
      const buttons = make("div", "mle-buttons");
      buttons.append(this.more);
      place.previousElementSibling.append(this.said, this.list, buttons);
      const due = this.hosts.filter((host) => isDue(this.state(host)));
      due.sort((a, b) => this.late(a) - this.late(b));
      this.ask(due);
      document.addEventListener("mle-progress", () => this.show());
    }

    state(host) {
      return store.get(idOf(host));
    }

    // What was missed comes first, then what has waited longest.
    late(host) {
      const { box, due } = this.state(host);
      return box === 0 ? due - 1e14 : due;
    }

    // Not asked yet, of chapters of which something was read; else of any.
    others() {
      const open = this.hosts.filter(
        (host) => !this.list.contains(host) && this.state(host).due === undefined,
      );
      const read = open.filter((host) => wasRead(host.closest("details")?.dataset.page));
      return read.length ? read : open;
    }

    ask(hosts) {
      for (const host of hosts) {
        askAgain(idOf(host));
        this.list.append(host);
      }
      this.show();
      if (document.activeElement === this.more) hosts[0]?.querySelector("input")?.focus();
    }

    show() {
      const asked = [...this.list.children];
      const left = asked.filter((host) => !(this.state(host).due > Date.now())).length;
      const later = this.hosts.map((host) => this.state(host).due).filter((due) => due > Date.now());
      const next = later.length
        ? ` The next one is due on ${new Date(Math.min(...later)).toLocaleDateString("en-GB", {
            day: "numeric",
            month: "long",
          })}.`
        : "";
      const text = left ? `${left} to answer.` : `Nothing is due.${next}`;
      if (this.said.textContent !== text) this.said.textContent = text;
      this.more.hidden = !this.others().length;
    }
  }

  // ---- Sections read, and where to go on --------------------------------------------------------

  const LEAST_MS = 4000; // between a section's beginning and its end on the screen
  const entryOf = (page) => `read-${page.replace(/^book\//, "")}`;
  const wasRead = (page) => Boolean(page && store.get(entryOf(page)).sections?.length);

  function followReading() {
    const sections = [...document.querySelectorAll("article > section > section[id]")].filter(
      (section) => /^\d+\.\d+ /.test(section.querySelector("h2")?.textContent.trim() ?? ""),
    );
    const begun = new Map(); // section -> when some of it was first on the screen
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        const section = target.closest("article > section > section");
        if (target === section) begun.set(section, begun.get(section) ?? performance.now());
        else if (performance.now() - (begun.get(section) ?? Infinity) > LEAST_MS) {
          note({ sections: [...(store.get(entryOf(PAGE)).sections ?? []), section.id] });
        }
      }
    });
    // where one is: what crosses a line a third down the screen
    const here = new IntersectionObserver(
      (entries) => {
        const entered = entries.find(({ isIntersecting }) => isIntersecting);
        if (entered) note({ place: entered.target.id });
      },
      { rootMargin: "-33% 0px -66% 0px" },
    );
    for (const section of sections) {
      const end = make("span", "mle-end");
      const inner = section.querySelector(":scope > section");
      if (inner) inner.before(end); // what follows are exercises
      else section.append(end);
      seen.observe(section);
      seen.observe(end);
      here.observe(section);
    }
  }

  function note(changes) {
    const id = entryOf(PAGE);
    const state = { ...store.get(id), ...changes, at: Date.now() };
    state.sections = [...new Set(state.sections ?? [])];
    store.set(id, state);
  }

  // ---- The page of one's progress, and the front page ---------------------------------------------

  const statesOf = (chapters) =>
    chapters.map((chapter) => ({ chapter, ...store.get(entryOf(chapter.page)) }));

  function linkTo({ page }, anchor, text) {
    const made = make("a", "", text);
    made.href = `${page.replace(/^book\//, "")}.html${anchor ? `#${anchor}` : ""}`;
    return made;
  }

  // The section where one was last; if that has been read, the next one that has not, in the order
  // of the book from there on. Nothing if all has been read; the first chapter if none has begun.
  function whereNext(states) {
    const last = states.reduce((one, other) => ((other.at ?? 0) > (one.at ?? 0) ? other : one));
    if (!last.place) return { chapter: last.chapter, title: last.chapter.title };
    const steps = states.flatMap(({ chapter, sections = [] }) =>
      chapter.sections.map(([id, title]) => ({ chapter, id, title, read: sections.includes(id) })),
    );
    const at = steps.findIndex(({ chapter, id }) => chapter === last.chapter && id === last.place);
    const found = [...steps.slice(Math.max(at, 0)), ...steps].find(({ read }) => !read);
    return { ...found, begun: true };
  }

  // Who was here is offered to go on. Which sections there are the page of progress knows.
  async function offerToGoOn(place) {
    if (!store.all().some((id) => id.startsWith("read-") && store.get(id).place)) return;
    const { chapter, id, title } = whereNext(statesOf(await chaptersOfTheBook()));
    if (!chapter) return;
    const link = linkTo(chapter, id, `Continue at ${title.split(" ")[0]}`);
    link.title = title;
    place.firstElementChild.after(link);
  }

  async function chaptersOfTheBook() {
    const text = await (await fetch(new URL("book/progress.html", root))).text();
    const page = new DOMParser().parseFromString(text, "text/html");
    return JSON.parse(page.getElementById("mle-chapters").textContent);
  }

  class ProgressPage {
    constructor(place) {
      this.chapters = JSON.parse(document.getElementById("mle-chapters").textContent);
      this.place = place;
      this.goOn = place.querySelector(".mle-continue");
      this.list = place.querySelector(".mle-chapters");
      this.guesses = makeButton("", () => store.set(ALL, { shown: !store.get(ALL).shown }));
      const buttons = place.querySelector(".mle-buttons");
      buttons.append(this.guesses);
      for (const room of [this.goOn, buttons]) room.classList.remove("mle-room");
      document.addEventListener("mle-progress", () => this.show());
      this.show();
    }

    show() {
      const states = statesOf(this.chapters);
      const { chapter, id, title, begun } = whereNext(states);
      const link = chapter && linkTo(chapter, id, title);
      const said = begun ? "Continue at " : "Start with ";
      this.goOn.replaceChildren(...(link ? [said, link] : ["You have read all of it"]), ".");
      this.list.replaceChildren(...states.map((state) => this.row(state)));
      const all = Boolean(store.get(ALL).shown);
      this.guesses.textContent = all
        ? "Let what answers a guess wait for it again"
        : "Show what answers a guess at once, in the whole book";
    }

    row({ chapter, sections = [] }) {
      const made = make("li");
      const read = chapter.sections.filter(([id]) => sections.includes(id));
      const known = chapter.recall.filter((id) => store.get(id).box > 0);
      const asked = chapter.recall.filter((id) => store.get(id).due !== undefined);
      const counts = [
        `${read.length} of ${chapter.sections.length} sections read`,
        `${store.solved(chapter.exercises)} of ${chapter.exercises.length} exercises solved`,
      ];
      if (asked.length) counts.push(`${known.length} of ${asked.length} questions remembered`);
      made.append(linkTo(chapter, "", chapter.title), make("span", "", `: ${counts.join(", ")}.`));
      return made;
    }
  }

  // ---- The start --------------------------------------------------------------------------------

  MleExercise.add({ guess: Guess });
  for (const host of document.querySelectorAll(PREDICTION)) new Prediction(host);
  for (const host of document.querySelectorAll(WHY)) new Why(host);
  for (const place of document.querySelectorAll(".mle-recall")) openChapter(place);
  for (const place of document.querySelectorAll(".mle-recall-all")) new AllQuestions(place);
  for (const place of document.querySelectorAll(".mle-progress-page")) new ProgressPage(place);
  for (const place of document.querySelectorAll(".mle-start")) offerToGoOn(place).catch(() => {});
  followReading();
  openTarget();
  window.addEventListener("hashchange", openTarget);
})();
