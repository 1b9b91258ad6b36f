// What `search.py` does with a page, done with a query; it stands behind Sphinx's own program.

const LETTERS = {{ letters }};
const WORD = /[\p{L}\p{N}_]+/gu;
const COMPOUND = /{{ compound }}/gu;

function withoutAccents(word) {
  const plain = word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return [...plain].map((letter) => LETTERS[letter] ?? letter).join("");
}

// As the index has them: no stem of 1/e, nor of "one", for that is the stopword "on".
const EnglishStemmer = Stemmer;
Stemmer = function () {
  const porter = new EnglishStemmer();
  this.stemWord = (word) => {
    const stem = porter.stemWord(word);
    return /[./]/.test(word) || stopwords.includes(stem) ? word : stem;
  };
};
const stemmer = new Stemmer();

// A word as the index has it. With accents it is found only where it has them: ḡ is not g.
function isKnown(word) {
  const stem = stemmer.stemWord(word.toLowerCase());
  return [Search._index.terms, Search._index.titleterms].some((terms) => Object.hasOwn(terms, stem));
}

function wordsOf(text) {
  return (text.match(WORD) ?? []).map((word) => (isKnown(word) ? word : withoutAccents(word)));
}

var splitQuery = (query) => {
  const text = query.normalize("NFC");
  const words = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(COMPOUND)) {
    const compound = found.replaceAll(" ", "");
    words.push(...wordsOf(text.slice(end, index)));
    words.push(...(isKnown(compound) ? [compound] : wordsOf(found)));
    end = index + found.length;
  }
  return [...words, ...wordsOf(text.slice(end))];
};

// By a part of its own name, by a module or class in full; a number as a whole. Sphinx finds what
// holds a word anywhere, as every name of the library holds an "m".
const objectsWith = Search.performObjectSearch;
Search.performObjectSearch = (word, words) =>
  objectsWith(word, words).filter(([, name]) => {
    const parts = name.toLowerCase().split(".");
    if (/^\d/.test(name)) return name === word;
    return parts.includes(word) || (word.length > 2 && parts.at(-1).includes(word));
  });

// Pages with every word. To Sphinx a short one may stand for a long one: of "m/b σ", σ would do.
const pagesWith = Search.performTermsSearch;
Search.performTermsSearch = (words, excluded) => {
  const pages = (some) => pagesWith(new Set(some), excluded);
  const required = [...words].filter((word) => word.length > 2 || pages([word]).length);
  const each = required.map((word) => new Set(pages([word]).map(([page]) => page)));
  return pages(required).filter(([page]) => each.every((those) => those.has(page)));
};

// What is shown of a page: its text around the first word that was found, and these words, which may
// be written otherwise than they were typed, marked there and, once it is opened, on the page.
Search.makeSearchSummary = (html, keywords, anchor) => {
  const body = new DOMParser().parseFromString(html, "text/html");
  for (const unread of body.querySelectorAll("script, style, svg, .headerlink")) unread.remove();
  const article = body.querySelector("article");
  const part = (anchor && article.querySelector(`[id="${anchor.slice(1)}"]`)) || article;
  const text = inALine(part.textContent).replace(/\s+/g, " ").trim();
  const found = placesOf(text, keywords);
  const start = Math.max((found[0]?.index ?? 0) - 120, 0);
  const summary = document.createElement("p");
  summary.className = "context";
  summary.textContent =
    (start ? "…" : "") + text.slice(start, start + 240) + (start + 240 < text.length ? "…" : "");
  const words = [...new Set(found.map(({ 0: word }) => word.replaceAll(" ", "").toLowerCase()))];
  markWords(summary, words);
  summary.dataset.words = words.join(" ");
  return summary;
};

// Where a text has words that keys of the index stand for: the same, or longer ones, as in Sphinx.
function placesOf(text, keys) {
  const known = new Map();
  const stands = (word) => {
    const forms = [word.toLowerCase(), withoutAccents(word)];
    return [...keys].some(
      (key) =>
        forms.some((form) => stemmer.stemWord(form) === key) ||
        (key.length > 2 && forms.some((form) => form.includes(key))),
    );
  };
  return [COMPOUND, WORD]
    .flatMap((kind) => [...text.matchAll(kind)])
    .filter(({ 0: found }) => {
      const word = found.replaceAll(" ", "");
      if (!known.has(word)) known.set(word, stands(word));
      return known.get(word);
    })
    .sort((one, other) => one.index - other.index);
}

// The page that is opened takes the words, and marks them (`page.js`); an object's are those typed.
for (const type of ["click", "auxclick"]) {
  document.addEventListener(type, ({ target }) => {
    const one = target.closest("#search-results li > a")?.parentElement;
    if (!one) return;
    const typed = splitQuery(new URLSearchParams(location.search).get("q") ?? "");
    const said = typed.filter((word) => !stopwords.includes(word.toLowerCase()));
    const words = one.querySelector(".context")?.dataset.words ?? said.join(" ");
    localStorage.setItem(SEARCHED, words);
  });
}
