// What the buttons of the page do. The policy of the site allows no code in attributes, so a button
// names its action: <button data-mle-action="print">.

const ACTIONS = { print: () => window.print() };

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-mle-action]");
  if (button) ACTIONS[button.dataset.mleAction]();
});
