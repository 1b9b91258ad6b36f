// A browser has one localStorage for a whole host, which all books of one owner on github.io share:
// answers, light or dark, the words to highlight. Here, before any other script runs, both
// storages become a view of what this site keeps: the entries whose names begin with the path of
// its root and "#". No path holds a "#", so none of these beginnings is that of another site.
(() => {
  const site = `${new URL(document.documentElement.dataset.content_root, location).pathname}#`;
  const SHARED = /^(mle-book\/.*|mode|theme)$/; // as entries were named once

  function viewOf(storage) {
    const names = () =>
      Object.keys(storage)
        .filter((key) => key.startsWith(site) && key !== site)
        .map((key) => key.slice(site.length));
    const methods = {
      getItem: (name) => storage.getItem(site + String(name)),
      setItem: (name, value) => storage.setItem(site + String(name), value),
      removeItem: (name) => storage.removeItem(site + String(name)),
      key: (position) => names()[position] ?? null,
      clear: () => names().forEach(methods.removeItem),
    };
    const get = (_, name) => {
      if (name === "length") return names().length;
      return name in methods ? methods[name] : methods.getItem(name) ?? undefined;
    };
    return new Proxy({}, {
      get,
      set: (_, name, value) => (methods.setItem(name, value), true),
      has: (_, name) => get(_, name) !== undefined,
      deleteProperty: (_, name) => (methods.removeItem(name), true),
      ownKeys: names,
      getOwnPropertyDescriptor(_, name) {
        const value = methods.getItem(name);
        if (value === null) return undefined;
        return { value, configurable: true, enumerable: true, writable: true };
      },
    });
  }

  // Once. Who wrote an entry when all sites shared them is not known: it stays for the others.
  function takeCopies(storage) {
    if (storage.getItem(site) !== null) return;
    for (const key of Object.keys(storage).filter((key) => SHARED.test(key))) {
      if (storage.getItem(site + key) === null) storage.setItem(site + key, storage.getItem(key));
    }
    storage.setItem(site, "");
  }

  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      const storage = window[name];
      const view = viewOf(storage);
      Object.defineProperty(window, name, { configurable: true, enumerable: true, get: () => view });
      if (name === "localStorage") takeCopies(storage);
    } catch {
      // forbidden, which whoever asks for it is told; or full, and the next page tries again
    }
  }
})();
