// A figure of ready-made frames, one for each position of its sliders.
//
//   <mle-explore data-frames='{"axes": [{"name": "b", "labels": ["1", "2"]}], "start": [0]}'>
//     <svg>what the frames share</svg>
//     <div class="mle-controls"></div>
//     <figure data-index="0">…</figure> <figure data-index="1" hidden>…</figure>
//   </mle-explore>
//
// Without this script the frame at the start position is shown, and no controls.

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
    for (const frame of this.frames) frame.hidden = frame.dataset.index !== index;
  }

  sayWhenAtRest() {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      const shown = this.frames.find((frame) => !frame.hidden);
      this.said.textContent = shown.querySelector("[aria-label]").getAttribute("aria-label");
    }, PAUSE_MS);
  }

  play() {
    const slider = this.sliders[0];
    if (slider.value === slider.max) slider.value = 0;
    this.show();
    this.nameButton("Pause");
    this.timer = setInterval(() => {
      slider.stepUp();
      this.show();
      if (slider.value === slider.max) this.pause();
    }, STEP_MS);
  }

  pause() {
    if (this.timer) this.sayWhenAtRest();
    clearInterval(this.timer);
    this.timer = null;
    if (this.button) this.nameButton("Play");
  }
}

customElements.define("mle-explore", MleExplore);
