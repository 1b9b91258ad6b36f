// A reference shows what it leads to: an equation, a section, an entry of the API reference or of the
// glossary, what a cell gave. A pointer that rests on it opens the panel, and so do the focus of the
// keyboard and a first tap; a second one follows. Escape closes, and so does leaving both.
//
// To a pointer or the focus it describes the link, a tooltip, and holds nothing to be pressed. A tap
// that leads nowhere has to be explained: it opens a dialog, which takes the focus and leads on.

if (HTMLElement.prototype.showPopover) {
  const LINKS =
    ".bd-article a[href*='#']:not(.headerlink, .mle-equation-number, .mle-preview *, [href*='_modules/'])";
  const TITLES = "dt, h1, h2, h3, h4";
  const REST_MS = 300; // who only passes by wants nothing
  const WAIT_MS = 1000; // what a tap does not show by then, it leads to
  const pages = new Map();
  let aim = null; // the link that the pointer or the focus is on; the panel counts as its link
  let shown = null; // the link whose panel is open
  let pressed = null; // the same when the pointer went down
  let panel, timer, touched;

  const read = (address) =>
    fetch(address)
      .then((answer) => (answer.ok ? answer.text() : ""))
      .then((html) => new DOMParser().parseFromString(html, "text/html"))
      .catch(() => null); // no network, or a page opened as a file

  const pageOf = ({ origin, pathname }) => {
    if (origin !== location.origin) return null;
    if (pathname === location.pathname) return document;
    if (!pages.has(pathname)) pages.set(pathname, read(pathname));
    return pages.get(pathname);
  };

  const partsOf = (target) => {
    const first = (selector) => target.querySelector(`:scope > ${selector}`);
    if (target.matches("div.math, figure")) return [target];
    if (target.matches("section")) return [first(`:is(${TITLES})`), first("p")];
    if (target.matches("dt")) {
      const below = `#${CSS.escape(target.id)} ~ dd > :is(p, pre)`;
      const texts = [...target.parentElement.querySelectorAll(below)];
      return [target, texts.find((text) => !text.textContent.startsWith("Bases:"))];
    }
    if (!target.matches(".cell")) return [];
    const output = ".cell_output:not(:has(mle-explore, mle-exercise))";
    return [target.querySelector(`${output} figure`) ?? target.querySelector(output)];
  };

  const copyOf = (part) => {
    const copy = document.importNode(part, true);
    copy.querySelectorAll(".headerlink, a:has(.viewcode-link)").forEach((e) => e.remove());
    // A drawing of another page keeps the ids by which it finds its glyphs.
    const named = part.ownerDocument === document ? "[id]" : "[id]:not(svg *)";
    for (const e of [copy, ...copy.querySelectorAll("[id], a, [tabindex]")]) {
      for (const name of ["href", "tabindex"]) e.removeAttribute(name);
      if (e.matches(named)) e.removeAttribute("id");
    }
    if (!part.matches(TITLES)) return copy;
    const line = document.createElement("div"); // the page's outline and lists are its own
    line.className = `mle-preview-name ${part.className}`;
    line.append(...copy.childNodes);
    return line;
  };

  const contentOf = async (link) => {
    const page = await pageOf(link);
    const target = page?.getElementById(decodeURIComponent(link.hash.slice(1)));
    const parts = target ? partsOf(target).filter(Boolean) : [];
    // What waits for a guess is not given away. Of another page it is not known what waits.
    const waits = page === document ? "[hidden]" : ".mle-outcome";
    return parts.some((part) => part.closest(waits)) ? [] : parts.map(copyOf);
  };

  const hide = () => {
    clearTimeout(timer);
    if (!shown) return;
    const link = shown;
    const hadFocus = panel.contains(document.activeElement);
    shown = null;
    panel.remove();
    link.removeAttribute("aria-describedby");
    if (hadFocus) link.focus({ preventScroll: true });
  };

  const show = (link, content, tapped) => {
    hide();
    if (!content.length) return;
    shown = link;
    panel = document.createElement("div");
    Object.assign(panel, { className: "mle-preview", id: "mle-preview", popover: "manual" });
    panel.append(...content);
    if (tapped) {
      Object.assign(panel, { role: "dialog", ariaLabel: `Preview of ${link.textContent}`, tabIndex: -1 });
      const last = document.createElement("p");
      last.className = "mle-preview-buttons";
      last.innerHTML = '<a>Go there</a> <button type="button">Close</button>';
      last.firstChild.href = link.href;
      panel.append(last);
    } else {
      panel.role = "tooltip";
      link.setAttribute("aria-describedby", panel.id);
    }
    link.removeAttribute("title"); // the browser would show it over the panel
    document.querySelector(".bd-article").append(panel);
    panel.showPopover();
    const { left, top, bottom } = link.getBoundingClientRect();
    const height = panel.offsetHeight;
    const above = bottom + height + 8 > innerHeight && top > innerHeight / 2;
    panel.classList.toggle("mle-above", above);
    const room = document.documentElement.clientWidth - panel.offsetWidth - 16;
    panel.style.left = `${scrollX + Math.max(16, Math.min(left, room))}px`;
    panel.style.top = `${scrollY + (above ? top - height - 6 : bottom + 6)}px`;
    if (tapped) panel.focus({ preventScroll: true });
  };

  const aimAt = (link) => {
    if (link === aim) return;
    aim = link;
    clearTimeout(timer);
    if (link === shown) return;
    timer = setTimeout(async () => {
      const content = link ? await contentOf(link) : [];
      if (aim === link) show(link, content, false);
    }, REST_MS);
  };

  const tap = async (link) => {
    clearTimeout(timer);
    aim = link;
    const late = new Promise((resolve) => setTimeout(resolve, WAIT_MS, []));
    const content = await Promise.race([contentOf(link), late]);
    if (aim !== link) return;
    if (content.length) show(link, content, true);
    else location.assign(link.href);
  };

  document.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType === "touch") return;
    const over = shown && panel.contains(target) ? shown : target.closest(LINKS);
    if (over || !aim?.matches(":focus-visible")) aimAt(over);
  });

  document.addEventListener("focusin", ({ target }) => {
    if (target.matches(LINKS) && target.matches(":focus-visible")) aimAt(target);
  });

  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const within = (e) => e && (e === aim || (shown && panel.contains(e)));
    if (!within(target) || within(relatedTarget)) return;
    aim = null;
    hide();
  });

  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });

  document.addEventListener("pointerdown", ({ pointerType }) => {
    touched = pointerType === "touch";
    pressed = shown;
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest(LINKS);
    if (link && touched && event.detail && link !== pressed) {
      event.preventDefault();
      tap(link);
    } else if (!(shown && panel.contains(event.target)) || event.target.closest("a[href], button")) {
      hide();
    }
  });
}
