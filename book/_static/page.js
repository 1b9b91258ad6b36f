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

// What has moved to another page has left a line here, under its old address, that leads there.
function followMoved() {
  const line = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (line?.matches(".mle-moved")) location.replace(line.querySelector("a").href);
}
followMoved();
window.addEventListener("hashchange", followMoved);
