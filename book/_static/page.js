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

// The words that were searched for, as whole words of the text. `search.js` says which, and marks what
// it shows of a page in the same way. Only the page that was opened from there has the marks, and only
// until one goes on.
const UNMARKED = ".math, math, svg, script, style, textarea";
const SEARCHED = "searched"; // the page that is opened, and the words, each on a line

function markWords(root, words) {
  if (!words.length) return;
  const longest = [...words].sort((one, other) => other.length - one.length);
  const escaped = longest.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const some = escaped.join("|");
  const whole = new RegExp(`(?<![\\p{L}\\p{N}_])(${some})(?![\\p{L}\\p{N}_])`, "iu");
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

function unmarkWords() {
  for (const mark of document.querySelectorAll("article .highlighted")) {
    const text = mark.parentNode;
    mark.replaceWith(...mark.childNodes);
    text.normalize();
  }
}

function keepSearched({ href, dataset }) {
  try {
    localStorage.setItem(SEARCHED, `${new URL(href).pathname}\n${dataset.words}`);
  } catch {
    // nothing can be kept here, and nothing will be marked
  }
}

function markSearched() {
  try {
    const [page, ...words] = (localStorage.getItem(SEARCHED) ?? "").split("\n");
    localStorage.removeItem(SEARCHED);
    if (page === location.pathname) markWords(document.querySelector("article"), words.filter(Boolean));
  } catch {
    // nothing can be kept here, so nothing was
  }
}

if (!document.querySelector("#search-results")) {
  markSearched();
  window.addEventListener("load", markSearched); // another process may have kept them a moment ago
  for (const type of ["hashchange", "pagehide"]) window.addEventListener(type, unmarkWords);
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
  const range = selection.getRangeAt(0).cloneRange(); // what is selected stays so
  const whole = (node) => (node.closest ? node : node.parentElement).closest("math");
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

// A number or a heading that is a link to itself: its address goes to the address bar, and is
// copied. They have no Tab stop each: who comes to one, by a number in the text or from the search
// page, finds its link at the next Tab. Without this script all have one.
const OWN_ADDRESS = "a.mle-equation-number, a.mle-own, a.headerlink";
const copied = document.createElement("p");
copied.className = "mle-copied";
copied.setAttribute("role", "status");
document.body.append(copied);

function say(text) {
  copied.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => copied.replaceChildren(), 3000);
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest(OWN_ADDRESS);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault(); // the page stays where it is
  history.replaceState(null, "", link.href);
  try {
    await navigator.clipboard.writeText(link.href);
    say("Link copied");
  } catch {
    say("The link is in the address bar");
  }
});

function stopAtTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (const link of document.querySelectorAll("a.mle-equation-number, a.mle-own")) {
    link.tabIndex = target?.contains(link) ? 0 : -1;
  }
}
stopAtTarget();
window.addEventListener("hashchange", stopAtTarget);

// A formula that is wider than its place scrolls by the keyboard, too.
const formulas = document.querySelectorAll(".mle-formula");
function letScroll() {
  const wide = [...formulas].map((formula) => formula.scrollWidth > formula.clientWidth);
  for (const [n, formula] of formulas.entries()) {
    if (wide[n]) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  }
}
document.fonts.ready.then(letScroll);
window.addEventListener("resize", letScroll);
