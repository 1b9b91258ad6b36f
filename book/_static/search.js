// Finds places of the book: `search.py` says which there are, in `searchindex.js`.

const SHOWN = 40;
const EXCERPT = 240;
const UNSHOWN = /\u2063[^\u2063]*\u2063/g; // formulas, which are found
// A letter that is not one with an accent
const LETTERS = { ø: "o", đ: "d", ħ: "h", ł: "l", ı: "i", ς: "σ", ß: "ss", æ: "ae", œ: "oe" };
// 3.4, 3.4a; m/b, m / b; a word; where W is a character of a word
const COMPOUND = String.raw`(?<!W)\d+(?:\.\d+)+[a-z]?(?!W)|W+(?: ?[/⁄] ?W+)*`;
const TOKEN = new RegExp(COMPOUND.replaceAll("W", String.raw`[\p{L}\p{N}\p{M}_]`), "gu");

function folded(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").replaceAll("⁄", "/").toLowerCase();
  return [...plain].map((letter) => LETTERS[letter] ?? letter).join("");
}

let findPlaces; // the best first; tests ask it, too

// What is called as was asked comes first, and of that an equation before a section of its number.
const CALLED = ["Equation", "Symbol", "Symbols", "Chapter", "Section", "Exercise"];

// Else an explanation comes before practice and reference, and what is taught before other pages.
const isTaught = ({ kind, name, within }) =>
  kind === "Section" && /^\d/.test(name) && /^\d/.test(within);

function worth({ kind, name, within }) {
  if (isTaught({ kind, name, within })) return 1;
  if (["Chapter", "Page", "Section"].includes(kind)) return 0.8;
  return kind === "Test" ? 0.4 : 0.6;
}

function startSearch(rows, stopwords, stemmer) {
  const stop = new Set(stopwords);
  const stems = new Map();
  const stem = (word) => {
    if (!stems.has(word)) stems.set(word, /^[a-z]{3,}$/.test(word) ? stemmer.stemWord(word) : word);
    return stems.get(word);
  };

  // The forms under which a word is found: as it is written, without accents, and its parts
  const forms = new Map();
  function formsOf(token) {
    const exact = token.normalize("NFC").toLowerCase().replaceAll(" ", "").replaceAll("⁄", "/");
    if (!forms.has(exact)) {
      const plain = folded(exact);
      const parts = /[_/]/.test(plain) ? plain.split(/[_/]/).filter(Boolean) : [];
      const written = exact === plain ? [] : [exact];
      forms.set(exact, [...new Set([...written, stem(plain), ...parts.map(stem)])]);
    }
    return forms.get(exact);
  }
  const tokensOf = (text) => (text.match(TOKEN) ?? []).flatMap(formsOf);
  // What a place is called, as it is written and without accents
  const keysOf = (text) =>
    [text.normalize("NFC").toLowerCase(), folded(text)].map((form) => form.match(TOKEN)?.join(" "));

  const places = rows.map(([page, kind, name, anchor, within, text, words, keys]) => ({
    page, kind, name, anchor, within, keys: new Set(keys.flatMap(keysOf)),
    text: text.replace(UNSHOWN, "…"),
    fields: [name, text.replace(UNSHOWN, " "), text.match(UNSHOWN)?.join(" ") ?? "", words, within]
      .map((field) => tokensOf(field)),
  }));
  // Of a name, a text, its formulas, code, and the name of the section or page
  const WEIGHTS = [2.5, 1, 0.5, 0.3, 0.8];
  const mean = WEIGHTS.map((_, n) => {
    const lengths = places.map(({ fields }) => fields[n].length).filter(Boolean);
    return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  });
  const index = new Map(); // form -> place -> how often in each field
  places.forEach((place, number) => {
    place.fields.forEach((tokens, field) => {
      for (const token of tokens) {
        if (!index.has(token)) index.set(token, new Map());
        const found = index.get(token);
        if (!found.has(number)) found.set(number, WEIGHTS.map(() => 0));
        found.get(number)[field] += 1;
      }
    });
    place.lengths = place.fields.map((tokens) => tokens.length);
    delete place.fields;
  });

  // A word that the book does not have stands for those that hold it.
  function known(token) {
    const plain = folded(token).replaceAll(" ", "");
    const form = [formsOf(token)[0], stem(plain)].find((one) => index.has(one));
    if (form !== undefined) return [form];
    return plain.length > 2 ? [...index.keys()].filter((one) => one.includes(plain)) : [];
  }

  function weigh(forms) {
    const weights = new Map();
    for (const form of forms) {
      for (const [number, counts] of index.get(form)) {
        const { lengths } = places[number];
        const weight = counts.reduce((sum, count, n) => {
          const length = 0.3 + (0.7 * lengths[n]) / mean[n];
          return sum + (WEIGHTS[n] * count) / (count + 1.2 * length);
        }, 0);
        weights.set(number, Math.max(weights.get(number) ?? 0, weight));
      }
    }
    // Where a book says a word first it says what it means.
    const first = Math.min(...[...weights.keys()].filter((number) => isTaught(places[number])));
    if (weights.has(first)) weights.set(first, 1.5 * weights.get(first));
    const rare = Math.log(1 + (places.length - weights.size + 0.5) / (weights.size + 0.5));
    return { weights, rare };
  }

  findPlaces = (query) => {
    let asked = query.match(TOKEN) ?? [];
    const telling = asked.filter((word) => !stop.has(word.toLowerCase()));
    if (telling.length) asked = telling;
    const words = asked.map((token) => weigh(known(token)));
    const all = words.reduce((sum, { rare }) => sum + rare, 0);
    const scores = new Map();
    for (const number of new Set(words.flatMap(({ weights }) => [...weights.keys()]))) {
      let [score, covered] = [0, 0];
      for (const { weights, rare } of words) {
        if (!weights.has(number)) continue;
        score += rare * weights.get(number);
        covered += rare;
      }
      scores.set(number, worth(places[number]) * score * (covered / all) ** 2);
    }
    const isName = (key) => places.some(({ keys }) => keys.has(key));
    const key = keysOf(query).find(isName) ?? folded(query);
    const [, kind, called] = keysOf(query)[1]?.match(/^([a-z]{2,}) (.+)/) ?? []; // "eq 3.4"
    places.forEach((place, number) => {
      const isKind = kind && place.kind.toLowerCase().startsWith(kind);
      if (place.keys.has(key) || (isKind && place.keys.has(called))) {
        const order = CALLED.includes(place.kind) ? CALLED.indexOf(place.kind) : CALLED.length;
        scores.set(number, 1000 - 100 * order + (scores.get(number) ?? 0));
      }
    });
    const best = [...scores].sort(([one, a], [other, b]) => b - a || one - other);
    return { asked, found: best.map(([number, score]) => ({ ...places[number], score })) };
  };

  // ---- what is shown

  // The words of a text that were asked for, as they are written there
  function wordsIn(text, asked) {
    const keys = new Set(asked.flatMap((token) => known(token)));
    const isAsked = ([token]) => formsOf(token).some((form) => keys.has(form));
    return [...text.matchAll(TOKEN)].filter(isAsked).map(({ 0: word, index: at }) => ({ word, at }));
  }

  function excerpt(text, at) {
    const from = at > EXCERPT / 2 ? text.indexOf(" ", at - EXCERPT / 2) + 1 : 0;
    const end = from + EXCERPT < text.length ? text.lastIndexOf(" ", from + EXCERPT) : text.length;
    return (from ? "… " : "") + text.slice(from, end) + (end < text.length ? " …" : "");
  }

  function item(place, asked) {
    const element = document.createElement("li");
    const link = document.createElement("a");
    link.href = `${place.page}.html${place.anchor ? `#${place.anchor}` : ""}`;
    link.textContent = `${place.kind} ${place.name}`;
    element.append(link);
    if (place.within) element.append(` in ${place.within}`);
    const { text } = place;
    const said = wordsIn(text, asked);
    const words = [...new Set([...said, ...wordsIn(place.name, asked)].map(({ word }) => word))];
    link.dataset.words = words.join("\n");
    if (text) {
      const context = document.createElement("p");
      context.className = "context";
      context.textContent = excerpt(text, said[0]?.at ?? 0);
      markWords(context, words);
      element.append(context);
    }
    return element;
  }

  function show(query) {
    const { asked, found } = findPlaces(query);
    const title = document.createElement("h2");
    title.textContent = "Search Results";
    const summary = document.createElement("p");
    summary.className = "search-summary";
    summary.setAttribute("role", "status");
    const list = document.createElement("ul");
    list.className = "search";
    list.append(...found.slice(0, SHOWN).map((place) => item(place, asked)));
    document.getElementById("search-results").append(title, summary, list);
    const places = found.length === 1 ? "1 place" : `${found.length} places`;
    const shown = found.length > SHOWN ? `; the best ${SHOWN} are shown` : "";
    summary.textContent = found.length
      ? `Search finished, found ${places}${shown}.`
      : "Your search did not match anything in the book. Try fewer words, or other ones.";
  }

  // The page that is opened marks the words (`page.js`).
  for (const type of ["click", "auxclick"]) {
    document.addEventListener(type, ({ target }) => {
      const link = target.closest("#search-results li > a");
      if (link) keepSearched(link);
    });
  }

  const query = new URLSearchParams(location.search).get("q")?.trim();
  for (const field of document.querySelectorAll('input[name="q"]')) field.value = query ?? "";
  if (query) show(query);
}
