"""The reference pages say what the chapters say: symbols, works, links."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from torch.func import functional_call, jacrev

from mle_lib.models import FVSBN
from mle_lib.results import load_result
from tests.cases import binary
from tools import references
from tools.chapter_rules import COMMENT
from tools.environment import ROOT
from tools.markdown import links

BOOK = ROOT / "book"
INDEX, NOTATION, QUESTIONS = (
    COMMENT.sub("", (BOOK / f"{name}.md").read_text(encoding="utf-8"))
    for name in ("index", "notation", "lecture-questions")
)
REFERENCES = (ROOT / references.PAGE).read_text(encoding="utf-8")
PAGES = {"notation": NOTATION, "references": REFERENCES, "lecture-questions": QUESTIONS}


# ---- links


@cache
def headings(path: Path) -> dict[str, str]:
    """Anchor -> heading."""
    return {s.anchor: s.heading for s in references.sections(references.page_text(path))}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_a_page_and_section_of_the_book(page) -> None:
    found = re.findall(r"\[([^\]]+)\]\(((?!https?:)[^)\s]+)\)", PAGES[page])
    assert len(found) > 20
    for text, link in found:
        name, _, anchor = link.partition("#")
        assert (BOOK / name).is_file(), link
        if anchor:
            heading = headings(BOOK / name).get(anchor)
            assert heading, f"{link}: no such section"
            if re.fullmatch(r"\d+\.\d+", text):
                assert heading.startswith(f"{text} "), f"{text} leads to {heading}"


@pytest.mark.parametrize("page", PAGES)
def test_equations_that_are_named_exist(page) -> None:
    chapters = [path for path in references.pages() if path.suffix == ".ipynb"]
    tags = set(re.findall(r"\\tag\{([\d.]+)\}", "".join(map(references.page_text, chapters))))
    named = set(re.findall(r"\((\d+\.\d+)\)", re.sub(r"\]\([^)]*\)", "", PAGES[page])))
    assert named <= tags


# ---- notation


def tables(text: str) -> Iterator[list[list[str]]]:
    """Each table as rows of cells, the line of dashes left out."""
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.M):
        rows = [[cell.strip() for cell in row[1:-1].split("|")] for row in table.splitlines()]
        yield [rows[0], *rows[2:]]


def test_the_names_of_the_index_are_those_of_the_notation() -> None:
    (names,) = (rows[1:] for rows in tables(INDEX) if rows[0][0] == "symbol")
    throughout = next(tables(NOTATION))[1:]
    assert len(names) > 5
    assert [row for row in names if row not in [row[:3] for row in throughout]] == []


def test_each_symbol_has_one_meaning_throughout_and_a_section() -> None:
    throughout, local, *_ = tables(NOTATION)
    symbols = [row[0] for row in throughout[1:]]
    assert len(set(symbols)) == len(symbols) > 30
    for row in [*throughout[1:], *local[1:]]:
        assert re.match(r"\[\d+\.\d+\]\(", row[-1]), f"{row[0]}: introduced where?"


def test_the_names_in_the_code_are_in_the_code() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "mle_lib").rglob("*.py"))
    rows = next(tables(NOTATION))[1:]
    spans = [span for row in rows for span in re.findall(r"`([^`]+)`", row[-1])]
    words = {word for span in spans for word in re.findall(r"[A-Za-z_]{2,}", span)}
    assert len(words) > 30
    assert {word for word in words if not re.search(rf"\b{word}\b", code)} == set()


# ---- references


def test_every_work_cited_is_listed_and_every_work_listed_is_cited() -> None:
    listed = list(references.entries(REFERENCES).values())
    assert len(set(listed)) == len(listed), "a work stands twice"
    cited = references.citations()
    assert cited.keys() - set(listed) == set(), "cited, but not on the page"
    assert set(listed) - cited.keys() == set(), "on the page, but cited nowhere"


def test_the_places_that_cite_are_up_to_date() -> None:
    page = references.completed(REFERENCES, references.citations())
    assert page == REFERENCES, "run `make generated`"


def test_works_stand_in_alphabetical_order_with_year_and_valid_address() -> None:
    for _, _, text in references.sections(REFERENCES):
        lines = [line for line in text.splitlines() if line.startswith("- ")]
        names = [re.sub("[öø]", "o", line.replace(" &", "")).lower() for line in lines]
        assert names == sorted(names)
    lines = [line for line in REFERENCES.splitlines() if line.startswith("- ")]
    for line in lines:
        (url,) = links(line.partition(references.CITED)[0])
        assert re.match(r"https://\S+\.\S", url)
        if url.startswith("https://doi.org/"):
            doi = unquote(url.removeprefix("https://doi.org/"))
            assert re.fullmatch(r"10\.\d{4,9}/[-.;()/:\w]+", doi), doi
            shown = doi.replace("10.48550/arXiv.", "arXiv:")
            shown = shown if shown.startswith("arXiv:") else f"doi:{shown}"
            assert f"[{shown}](" in line, f"shows another address than it links to: {line}"
            assert re.match(r"- .+? \((?:19|20)\d\d\)\. \S", line), f"no year: {line}"


def test_a_citation_without_an_entry_is_found(tmp_path) -> None:
    for folder in ("book", "mle_lib", "benchmarks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/one\n")
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/ada/mle\n")
    ours = "[Us](https://github.com/ada/mle/blob/main/a.md)"
    one = f"# One\n\n[A](https://doi.org/10.1000/A%281%29b), {ours}.\n"
    (tmp_path / "book" / "one.md").write_text(one)
    text = '"""See (https://doi.org/10.1000/a(1)B), https://example.org/x, https://github.com/ada/mle-2."""\n'
    (tmp_path / "mle_lib" / "two.py").write_text(text)
    cited = references.citations(tmp_path)
    places = ["[one](one.md)", "`mle_lib/two.py`"]
    assert cited == {
        "https://doi.org/10.1000/a(1)b": places,
        "https://example.org/x": ["`mle_lib/two.py`"],
        "https://github.com/ada/mle-2": ["`mle_lib/two.py`"],
    }
    page = "- A (2000). T. [a](https://doi.org/10.1000/a%281%29b). Cited in nothing.\n"
    expected = f"- A (2000). T. [a](https://doi.org/10.1000/a%281%29b). Cited in {places[0]}, "
    assert references.completed(page, cited) == f"{expected}{places[1]}.\n"
    with pytest.raises(ValueError, match="not one link"):
        references.entries("- A (2000). T. Cited in nothing.\n")


# ---- the lecture's questions

MOST_WORDS = 650  # a question: the page is consulted, not read in one sitting
PARTS = [
    "> **Question.**",
    "**Answer.**",
    "**The experiment.**",
    "> **Objection.**",
    "**Reply.**",
    "**What would change this answer.**",
]


def test_each_question_has_all_its_parts_in_order() -> None:
    questions = references.sections(QUESTIONS)[1:]
    assert [q.heading.split(".")[0] for q in questions] == list("1234567")
    for question in questions:
        found = re.findall(r"^(?:> )?\*\*[^*]+\.\*\*", question.text, re.M)
        assert found == PARTS, question.heading
        experiment = question.text.partition(PARTS[2])[2].partition(PARTS[3])[0]
        assert experiment.count(".ipynb#") >= 3, question.heading
        assert len(question.text.split()) <= MOST_WORDS, question.heading


def test_the_fastest_batch_is_where_the_law_says() -> None:
    """Seconds S_min (1 + B/b)(t0 + b t1) are least at b = √(B t0/t1): between 100 and 300."""
    speed = load_result("batch_size_speed")
    sizes = np.array(speed["batch sizes"], dtype=float)
    times = np.array(speed["microseconds a step"])
    design = np.stack([np.ones_like(sizes), sizes], axis=1) / times[:, None]
    t0, t1 = np.linalg.lstsq(design, np.ones_like(times), rcond=None)[0]
    best = np.sqrt(speed["fits"][-1]["B_crit"] * t0 / t1)
    assert 100 < best < 300
    steps = np.array([speed["table"][str(b)]["steps"][-1] for b in speed["batch sizes"]])
    assert set(sizes[np.argsort(steps * times)[:2]]) == {100, 300}


# ---- what the answer to question 2 says beyond the chapters


def likelihoods(seed: int) -> tuple[Callable[[torch.Tensor], torch.Tensor], torch.Tensor]:
    """The log-probabilities of nine samples as a function of θ, and a θ."""
    model, x = FVSBN(3).double(), binary(9, 3, seed)
    generator = torch.Generator().manual_seed(seed)
    names = [name for name, _ in model.named_parameters()]
    sizes = [q.numel() for q in model.parameters()]

    def log_probs(theta: torch.Tensor) -> torch.Tensor:
        parts = dict(zip(names, theta.split(sizes), strict=True))
        return functional_call(model, parts, (x,)).sum(1)

    return log_probs, torch.randn(6, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("seed", range(3))
def test_newton_on_the_likelihood_is_newton_on_its_logarithm_over_1_minus_s(
    seed, deviation
) -> None:
    log_probs, theta = likelihoods(seed)

    def newton_step(height: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        slope = jacrev(height)
        return -torch.linalg.solve(jacrev(slope)(theta), slope(theta))

    step = newton_step(lambda t: log_probs(t).sum())
    on_L = newton_step(lambda t: log_probs(t).sum().exp())
    g = jacrev(lambda t: log_probs(t).sum())(theta)
    s = g @ step
    deviation(((1 - s) * on_L - step).norm().item(), 1e-10)
    assert s > 1
    assert g @ on_L < 0, "downhill"


def test_a_batch_estimates_the_likelihood_too_high_and_its_logarithm_right(deviation) -> None:
    log_probs, theta = likelihoods(0)
    logs = log_probs(theta)
    estimates = torch.stack([9 / 2 * logs[list(pair)].sum() for pair in combinations(range(9), 2)])
    deviation((estimates.mean() - logs.sum()).abs().item(), 1e-12)
    assert estimates.exp().mean() > 10 * logs.sum().exp()
