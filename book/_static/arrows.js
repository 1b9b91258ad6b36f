// A chapter has a hundred links and buttons before its first exercise: the list of chapters, names in
// code, what copies code. The key Tab stops once at those that stand together, and the arrow keys
// lead on among them: in a list at the side, among the buttons at the top or below a guess, and in a
// section of a chapter up to where the reader is asked for something. At first it stops at the first
// of them, later where the reader has been. Without this script Tab stops at each.

(() => {
  "use strict";
  const PLACES = {
    ".bd-sidebar-primary, .bd-sidebar-secondary nav, dialog nav": "↑ and ↓ lead on in this list.",
    ".header-article__inner, :is(fieldset, .mle-guess) > .mle-buttons":
      "← and → lead to the other buttons here.",
    "mle-exercise, mle-explore": "", // whose parts Tab stops at
    "article:has(.cell) section": "← and → lead to the other links and buttons of this section.",
  };
  const [LISTS, , ASKS] = Object.keys(PLACES);
  const ANY = Object.keys(PLACES).join();
  const ITEMS = "a[href]:not(.headerlink, .mle-term, .mle-equation-number, .mle-own), button:not(.dropdown-menu *), summary";
  const UNANSWERED = "fieldset:has([type=radio]):not(:has(:checked))"; // nothing to check yet
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };

  const groups = new Map(); // of each item: those that it stands with
  const visited = new WeakSet();
  const hint = document.createElement("p");
  hint.className = "mle-arrows";
  hint.setAttribute("role", "status");

  const placeOf = (item) => item.closest(ANY);
  const hintOf = (item) =>
    PLACES[Object.keys(PLACES).find((place) => placeOf(item)?.matches(place))] ?? "";
  const follows = (one, other) =>
    one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;

  function arrange(back = false) {
    groups.clear();
    let group = [];
    let before = null;
    for (const item of document.querySelectorAll(`:is(${ANY}) :is(${ITEMS}), ${ASKS}`)) {
      const place = placeOf(item);
      if (hintOf(item) && item.checkVisibility({ visibilityProperty: true })) {
        if (place !== before) group = [];
        group.push(item);
        groups.set(item, group);
      }
      before = place;
    }
    for (const one of new Set(groups.values())) stopAt(one, firstStop(one, back));
  }

  function firstStop(group, back) {
    // Who has clicked into a text, found a word, or followed a link to it goes on from there.
    const idle = document.activeElement === document.body;
    const place = idle && (getSelection().anchorNode ?? document.querySelector(":target"));
    if (place && follows(group[0], place) && follows(place, group.at(-1))) {
      const next = group.findIndex((item) => follows(place, item));
      return group[back ? next - 1 : next];
    }
    const been = group.find((item) => visited.has(item));
    return been ?? group.find((item) => item.matches(".search-button-field, .current")) ?? group[0];
  }

  function stopAt(group, stop) {
    const none = group.length === 1 && stop.closest(UNANSWERED);
    for (const item of group) item.tabIndex = item === stop && !none ? 0 : -1;
  }

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Tab") arrange(event.shiftKey);
      const step = STEPS[event.key];
      const modified = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
      if (!step || modified || !groups.has(event.target)) return;
      const upright = event.key === "ArrowUp" || event.key === "ArrowDown";
      if (upright && !event.target.closest(LISTS)) return;
      arrange();
      const group = groups.get(event.target);
      const next = group?.[group.indexOf(event.target) + step];
      if (!next) return; // at an end the page scrolls
      event.preventDefault();
      next.focus();
    },
    true,
  );

  document.addEventListener("focusin", ({ target }) => {
    const group = groups.get(target);
    hint.hidden = !(group?.length > 1 && target.matches(":focus-visible"));
    if (!group) return;
    for (const item of group) visited.delete(item);
    visited.add(target);
    stopAt(group, target);
    if (hint.hidden) return;
    const said = hintOf(target);
    if (hint.textContent !== said) hint.textContent = said;
  });
  document.addEventListener("focusout", () => (hint.hidden = true));

  window.addEventListener("load", () => {
    hint.hidden = true;
    document.querySelector("main")?.append(hint);
    arrange();
  });
})();
