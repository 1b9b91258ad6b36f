(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  let mode = "auto";
  try {
    mode = localStorage.getItem("mode") || "auto";
  } catch {
    // nothing can be kept here, so nothing was
  }
  root.dataset.mode = mode;
  root.dataset.theme = mode === "auto" ? system : mode;
})();
