"""What stands written beside the definitions of exercises, and must agree with them."""

import json
import re
import sys
from pathlib import Path

from mle_lib.exercises.registry import chapter, open_questions, packages

ROOT = Path(__file__).parents[1]
IDS = Path(__file__).with_name("exercise_ids.json")
QUESTION = re.compile(r"^> \*\*Question\.\*\* (.+)\n\n```\{mle-open\} (\S+)\n```$", re.M)


def defined_ids() -> dict[str, list[str]]:
    """The ids of each chapter, and of the lecture's questions."""
    ids = {name: sorted(e.id for e in chapter(number)) for number, name in packages().items()}
    return ids | {"lecture": sorted(question.id for question in open_questions())}


def with_new(known: dict[str, list[str]], now: dict[str, list[str]]) -> dict[str, list[str]]:
    """The list with what is new in it. What was in it once stays."""
    return {key: sorted({*known.get(key, ()), *ids}) for key, ids in now.items()}


def test_ids_never_change() -> None:
    """Readers' answers are kept in their browsers under these names."""
    known = json.loads(IDS.read_text("utf-8"))
    assert known == defined_ids(), (
        f"An id that readers may have answers under must stay. For a new exercise, run "
        f"python tests/{Path(__file__).name} --write, and commit {IDS.name}."
    )


def test_an_id_is_added_to_the_list_but_never_dropped() -> None:
    merged = with_new({"1": ["old"], "2": ["b"]}, {"1": ["new"], "2": ["b"]})
    assert merged == {"1": ["new", "old"], "2": ["b"]}


def test_open_questions_are_those_quoted_above_them() -> None:
    """GitHub shows the quote, the site the form."""
    page = (ROOT / "book" / "lecture-questions.md").read_text("utf-8")
    assert QUESTION.findall(page) == [(q.question, q.id) for q in open_questions()]


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    known = json.loads(IDS.read_text("utf-8")) if IDS.exists() else {}
    IDS.write_text(json.dumps(with_new(known, defined_ids()), indent=2) + "\n")
