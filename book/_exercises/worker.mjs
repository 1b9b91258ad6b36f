// Python for the page's exercises: Pyodide, NumPy and the book's own `mle_lib.exercises`, all from
// the folder that this file is in.
//
// It says {type: "step", text} while it starts, then {type: "ready"}. Told {code}, it says
// {type: "output", text} for what the code prints, and {type: "done", outcome}.
// {type: "failed", reason} is its last word.

const here = (path) => new URL(path, import.meta.url).href;
const say = (type, more) => self.postMessage({ type, ...more });

async function get(path) {
  const response = await fetch(here(path));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.arrayBuffer();
}

async function start() {
  say("step", { text: "about 10 MB, once. Step 1 of 2, loading Python and NumPy …" });
  const [pyodide, library] = await Promise.all([
    import("./pyodide/pyodide.mjs").then(({ loadPyodide }) =>
      loadPyodide({ indexURL: here("pyodide/"), packages: ["numpy"] }),
    ),
    get("library.zip"),
  ]);
  say("step", { text: "step 2 of 2, loading the exercises …" });
  pyodide.unpackArchive(library, "zip", { extractDir: "/library" });
  pyodide.runPython("import sys; sys.path.insert(0, '/library')");
  // Imported now, so that it does not count as the reader's time.
  return pyodide.pyimport("mle_lib.exercises.cells");
}

// Pyodide only warns if its program cannot be fetched or compiled, and would wait for ever.
const broken = new Promise((_, reject) => {
  const instantiate = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = (...given) => {
    const made = instantiate(...given);
    made.catch(reject);
    return made;
  };
});

const lastLine = (error) => String(error.message).trim().split("\n").at(-1);

let cells;
try {
  cells = await Promise.race([start(), broken]);
  say("ready");
} catch (error) {
  const reason = "Its files are missing on this site, or something keeps them from being loaded.";
  say("failed", { reason: `${reason} (${lastLine(error)})` });
}

self.onmessage = ({ data }) => {
  try {
    const outcome = cells.run_cell(data.code, (text) => say("output", { text }));
    say("done", { outcome: outcome.toJs({ dict_converter: Object.fromEntries }) });
    outcome.destroy();
  } catch (error) {
    // Python's own errors are part of an outcome; what comes here has broken the interpreter.
    say("failed", { reason: lastLine(error) });
  }
};
