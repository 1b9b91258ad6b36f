// Python for the page's exercises: Pyodide, NumPy and the book's own `mle_lib.exercises`, all from
// the folder that this file is in.
//
// It says {type: "step", text, percent} while it starts, then {type: "ready"}. Told {code}, it says
// {type: "output", text} for what the code prints, and {type: "done", outcome}.
// {type: "failed", reason} is its last word.

const here = (path) => new URL(path, import.meta.url).href;
const say = (type, more) => self.postMessage({ type, ...more });

async function get(path, fetching = fetch) {
  const response = await fetching(here(path));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

// ---- How much of Python has come. Its files ask for each other: what they fetch is counted on the
// way, and modules when they are there.

const unheard = self.fetch;
const sizes = get("sizes.json", unheard).then((response) => response.json());
const known = sizes.then((sizes) => Object.values(sizes).reduce((sum, size) => sum + size));
known.catch(() => {}); // whoever needs them says that they are missing
let received = 0;
let told = -1;

async function count(bytes) {
  received += bytes;
  const all = await known;
  const percent = Math.floor((100 * received) / all);
  if (percent <= told) return;
  told = percent;
  say("step", { text: `loading ${Math.round(all / 1e6)} MB, once …`, percent });
}

async function countBody(response) {
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    await count(value.length);
  }
}

self.fetch = async (...given) => {
  const response = await unheard(...given);
  if (response.ok) countBody(response.clone()).catch(() => {}); // whoever asked is told of it
  return response;
};

async function load(path) {
  const [module, of] = await Promise.all([import(here(path)), sizes]);
  count(of[path]);
  return module;
}

// ---- The start

async function start() {
  say("step", { text: "loading …" });
  const [pyodide, library] = await Promise.all([
    load("pyodide/pyodide.mjs").then(({ loadPyodide }) =>
      loadPyodide({ indexURL: here("pyodide/"), packages: ["numpy"] }),
    ),
    get("library.zip", unheard).then((response) => response.arrayBuffer()),
    load("pyodide/pyodide.asm.mjs"), // or it would be asked for last
  ]);
  self.fetch = unheard;
  say("step", { text: "loading the exercises …" });
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
