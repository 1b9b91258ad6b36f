// A figure of ready-made frames, one for each position of its sliders.
//
//   <mle-explore data-frames='{"axes": [{"name": "b", "labels": ["1", "2"]}], "start": [0]}'>
//     <svg>what the frames share</svg>
//     <div class="mle-controls"></div>
//     <figure data-index="0">…</figure> <figure data-index="1" hidden>…</figure>
//   </mle-explore>
//
// Without this script the frame at the start position is shown, and no controls.
//
// While it plays, a piece of a path (class mle-grows) that the frame before had not is drawn little
// by little, and the mark at the path's end (mle-tip) goes before it.

const STEP_MS = 600;
const PAUSE_MS = 500; // a slider that rests so long has been moved to where it is
const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)");
let count = 0; // makes ids unique on the page

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// What a frame has of a class, in it or pointed at; and of that the drawing itself.
const drawn = (use) => (use.localName === "use" && document.querySelector(use.getAttribute("href"))) || use;
const having = (frame, name) =>
  [...frame.querySelectorAll(`use, .${name}`)].filter((e) => drawn(e).classList.contains(name));

// The path of a piece, which several frames may point at within what they point at.
const pathOf = (e) => (e.localName === "path" ? e : pathOf(drawn(e) === e ? e.firstElementChild : drawn(e)));

// A path's points up to a share of its length.
function beginning(points, share) {
  const lengths = points.slice(1).map(([x, y], k) => Math.hypot(x - points[k][0], y - points[k][1]));
  let left = share * lengths.reduce((sum, length) => sum + length, 0);
  const k = lengths.findIndex((length) => length >= left || ((left -= length), false));
  const [from, to] = [points[k], points[k + 1]];
  const part = left / (lengths[k] || 1);
  return [...points.slice(0, k + 1), from.map((value, axis) => value + part * (to[axis] - value))];
}

// Draw what `after` has more than `before`, in so many milliseconds; what it gives ends that.
function grow(before, after, duration) {
  const known = new Set(having(before, "mle-grows").map(drawn));
  const pieces = having(after, "mle-grows").filter((piece) => !known.has(drawn(piece)));
  const tips = having(after, "mle-tip");
  if (pieces.length !== tips.length) return () => {};
  const moving = pieces.map((piece, n) => {
    const path = pathOf(piece).cloneNode();
    const numbers = path.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const points = numbers.flatMap((x, k) => (k % 2 ? [] : [[x, numbers[k + 1]]]));
    piece.replaceWith(path);
    return { piece, path, points, tip: tips[n] };
  });
  const start = performance.now();
  let frame;
  const draw = () => {
    const share = Math.min((performance.now() - start) / duration, 1);
    for (const { path, points, tip } of moving) {
      const shown = beginning(points, share);
      const [x, y] = shown.at(-1).map((value, axis) => value - points.at(-1)[axis]);
      path.setAttribute("d", `M${shown.join("L")}`);
      tip.setAttribute("transform", `translate(${x} ${y})`);
    }
    frame = requestAnimationFrame(draw);
  };
  draw();
  return () => {
    cancelAnimationFrame(frame);
    for (const { piece, path, tip } of moving) {
      path.replaceWith(piece);
      tip.removeAttribute("transform");
    }
  };
}

class MleExplore extends HTMLElement {
  connectedCallback() {
    if (!this.sliders) this.build();
    this.stopOnReducedMotion = () => this.showButton();
    reducedMotion.addEventListener("change", this.stopOnReducedMotion);
  }

  disconnectedCallback() {
    this.pause();
    clearTimeout(this.rest);
    reducedMotion.removeEventListener("change", this.stopOnReducedMotion);
  }

  get frames() {
    return [...this.querySelectorAll("[data-index]")];
  }

  build() {
    const { axes, start } = JSON.parse(this.dataset.frames);
    const controls = this.querySelector(".mle-controls");
    controls.replaceChildren(); // what kept the room
    this.axes = axes;
    // The site sends frames that are not shown in templates, which a browser does not build.
    this.waiting = new Map();
    for (const template of this.querySelectorAll("template")) {
      this.waiting.set(template.content.firstElementChild.dataset.index, template);
    }
    this.sliders = axes.map((axis, i) => this.addSlider(controls, axis, start[i] ?? 0));
    this.setAttribute("role", "group");
    const what = axes.length > 1 ? "Figure with sliders" : "Figure with a slider";
    this.setAttribute("aria-label", `${what}: ${axes.map((axis) => axis.name).join(", ")}`);
    if (axes[0].labels.length > 1) this.addButton(this.sliders[0].parentElement);
    // What a screen reader says of the new frame, after the slider's new value.
    this.said = element("p", "mle-explore-said");
    this.said.setAttribute("aria-live", "polite");
    this.append(this.said);
    this.show();
  }

  addSlider(controls, axis, start) {
    const row = element("div", "mle-control");
    const label = element("label", "mle-control-name", axis.name);
    const slider = element("input", "mle-control-slider");
    const output = element("output", "mle-control-value");
    Object.assign(slider, { type: "range", min: 0, max: axis.labels.length - 1, step: 1 });
    slider.value = start;
    slider.autocomplete = "off"; // a page that is loaded again starts where its frames do
    slider.id = label.htmlFor = `mle-explore-${++count}`;
    // Names and values of the code, and set from here: a browser is not to translate them.
    for (const made of [label, output]) {
      made.translate = false;
      made.classList.add("notranslate");
    }
    output.setAttribute("for", slider.id);
    output.setAttribute("aria-live", "off"); // aria-valuetext says it already
    slider.addEventListener("input", () => {
      this.pause();
      this.show();
      this.sayWhenAtRest();
    });
    // The widest label fixes the width, so that the slider does not jump.
    output.style.minWidth = `${Math.max(...axis.labels.map((text) => text.length))}ch`;
    row.append(label, slider, output);
    controls.append(row);
    return slider;
  }

  /** The button plays the first slider and leaves a second one where it is. */
  addButton(row) {
    this.button = element("button", "mle-control-play");
    this.button.type = "button";
    this.nameButton("Play");
    this.button.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    this.button.addEventListener("blur", () => this.showButton());
    row.append(this.button);
    this.showButton();
  }

  nameButton(text) {
    this.button.textContent = text;
    this.button.setAttribute("aria-label", `${text} ${this.axes[0].name}`);
  }

  showButton() {
    if (!this.button) return;
    if (reducedMotion.matches) this.pause();
    // Hidden while it has the focus, it would take the reader's place on the page with it.
    this.button.hidden = reducedMotion.matches && document.activeElement !== this.button;
  }

  show() {
    const position = this.sliders.map((slider) => slider.valueAsNumber);
    this.sliders.forEach((slider, i) => {
      const text = this.axes[i].labels[position[i]];
      slider.setAttribute("aria-valuetext", text);
      slider.parentElement.querySelector("output").value = text;
    });
    const index = position.join();
    const template = this.waiting.get(index);
    template?.replaceWith(template.content);
    this.waiting.delete(index);
    this.stopGrowing?.();
    this.stopGrowing = null;
    const before = this.shown;
    for (const frame of this.frames) frame.hidden = frame.dataset.index !== index;
    if (this.timer) this.stopGrowing = grow(before, this.shown, STEP_MS);
  }

  get shown() {
    return this.frames.find((frame) => !frame.hidden);
  }

  sayWhenAtRest() {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      this.said.textContent = this.shown.querySelector("[aria-label]").getAttribute("aria-label");
    }, PAUSE_MS);
  }

  play() {
    const slider = this.sliders[0];
    if (slider.value === slider.max) slider.value = 0;
    this.show();
    this.nameButton("Pause");
    this.timer = setInterval(() => {
      if (slider.value === slider.max) return this.pause();
      slider.stepUp();
      this.show();
    }, STEP_MS);
  }

  pause() {
    if (this.timer) this.sayWhenAtRest();
    clearInterval(this.timer);
    this.timer = null;
    this.stopGrowing?.();
    this.stopGrowing = null;
    if (this.button) this.nameButton("Play");
  }
}

customElements.define("mle-explore", MleExplore);
