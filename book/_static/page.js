// What the theme's and Sphinx's own scripts leave to be done on every page.

// What the buttons of the page do. The policy of the site allows no code in attributes, so a button
// names its action: <button data-mle-action="print">.

const ACTIONS = { print: () => window.print() };

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-mle-action]");
  if (button) ACTIONS[button.dataset.mleAction]();
});

// The keys pressed while an input method composes a text are meant for it alone: Escape drops what
// it proposes, and not the dialog that the text is typed in.
for (const type of ["keydown", "keypress", "keyup"]) {
  const passBy = (event) => {
    if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
  };
  window.addEventListener(type, passBy, true);
}

// The words that were searched for. Sphinx's own script, which `delivery` leaves out, marks their
// letters wherever they stand, also inside of other words, in the menus, and in formulas. Here: whole words of the text, and formulas that hold one. `search.js` says which
// words, and marks what it shows of a page in the same way.
const UNMARKED = ".math, math, svg, script, style, textarea";

// What the index has of a fraction in a formula is a/b (`search.py`).
const FRACTION = /\\[dt]?frac\s*(?:\{(\w+)\}|\s(\w)|([0-9]))\s*(?:\{(\w+)\}|(\w))/g;

function inALine(text) {
  return text.replace(FRACTION, (_, ...parts) => ` ${parts.slice(0, 5).filter(Boolean).join("/")} `);
}

function markWords(root, words) {
  if (!words.length) return;
  const longest = [...words].sort((one, other) => other.length - one.length);
  const escaped = longest.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const some = escaped.join("|").replaceAll("/", " ?/ ?");
  const whole = new RegExp(`(?<![\\p{L}\\p{N}_])(${some})(?![\\p{L}\\p{N}_])`, "iu");
  for (const formula of root.querySelectorAll(".math")) {
    const tex = formula.querySelector("[data-tex]")?.dataset.tex ?? "";
    if (whole.test(inALine(tex))) formula.classList.add("highlighted");
  }
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const parts = text.data.split(whole); // each second one is a word
    if (parts.length === 1 || text.parentElement.closest(UNMARKED)) continue;
    const marked = parts.map((part, n) => {
      if (n % 2 === 0) return part;
      const mark = document.createElement("span");
      mark.className = "highlighted";
      mark.textContent = part;
      return mark;
    });
    text.replaceWith(...marked);
  }
}

const SPHINX_HIGHLIGHT_ENABLED = false; // its search page asks
const SEARCHED = "sphinx_highlight_terms";

if (!document.querySelector("#search-results")) {
  try {
    const words = localStorage.getItem(SEARCHED) ?? "";
    localStorage.removeItem(SEARCHED);
    markWords(document.querySelector("article"), words.split(" ").filter(Boolean));
  } catch {
    // nothing can be kept here, so nothing was
  }
}

// What has moved to another page has left a line here, under its old address, that leads there.
function followMoved() {
  const line = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (line?.matches(".mle-moved")) location.replace(line.querySelector("a").href);
}
followMoved();
window.addEventListener("hashchange", followMoved);

// Who copies a passage gets the LaTeX of its formulas.
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (selection.isCollapsed || event.target.closest?.("textarea, input")) return;
  const range = selection.getRangeAt(0);
  const whole = (node) => (node.parentElement ?? node).closest?.("math");
  if (whole(range.startContainer)) range.setStartBefore(whole(range.startContainer));
  if (whole(range.endContainer)) range.setEndAfter(whole(range.endContainer));
  const copy = document.createElement("div");
  copy.append(range.cloneContents());
  const formulas = copy.querySelectorAll("math[data-tex]");
  if (!formulas.length) return;
  for (const formula of formulas) {
    const mark = formula.getAttribute("display") === "block" ? "$$" : "$";
    formula.replaceWith(mark + formula.dataset.tex + mark);
  }
  copy.style.cssText = "position: absolute; left: -9999px"; // its lines are those that are shown
  document.body.append(copy);
  event.clipboardData.setData("text/plain", copy.innerText);
  copy.remove();
  event.preventDefault();
});
