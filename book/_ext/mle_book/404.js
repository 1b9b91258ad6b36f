
// The addresses are those of GitHub Pages, below the repository's name. Elsewhere, as on this
// machine, the site is the root.
const prefix = document.body.dataset.prefix;
if (!location.pathname.startsWith(prefix)) {
  for (const [selector, name] of [["a, link", "href"], ["form", "action"]]) {
    for (const element of document.querySelectorAll(selector)) {
      const address = element.getAttribute(name);
      if (address.startsWith(prefix)) element.setAttribute(name, address.replace(prefix, "/"));
    }
  }
}
