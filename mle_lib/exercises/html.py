"""Exercises as HTML: forms that work without a program as far as they can, and the data with which
the custom element ``<mle-exercise>`` of ``static/exercises.js`` completes them. Code exercises
need more, which only the site has."""

import json
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Any

from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.quizzes import Choice, Numeric, Open
from mle_lib.exercises.text import UNTRANSLATED, inline_html, to_html

Quiz = Choice | Numeric | Open
Exercise = CodeExercise | Quiz


STAGES = {
    "write": "",
    "order": "Order the lines",
    "fill": "Fill two gaps",
    "mend": "Mend the program",
}


def heading(exercise: Exercise, number: str) -> str:
    """The name of an exercise above it."""
    kind = ""
    if isinstance(exercise, CodeExercise):
        kind = STAGES[exercise.stage]
    elif isinstance(exercise, Numeric) and exercise.prediction:
        kind = "Guess first"
    elif isinstance(exercise, Choice) and exercise.of:
        kind = "Why?"
    return " · ".join(filter(None, [f"Exercise {number}" if number else "", kind, exercise.title]))


def quiz_html(quiz: Quiz, number: str, answer: bool = True, where: str = "") -> str:
    """A question as a form, and its answer folded below, unless the page has one of its own;
    ``where`` is HTML that says where it was shown."""
    label = f"{quiz.id}-question"
    inner = (
        f'<form novalidate><fieldset aria-describedby="{label}">'
        f"<legend>{escape(heading(quiz, number))}</legend>"
        f'<div class="mle-question" id="{label}">{to_html(quiz.question)}</div>'
        f"{_controls(quiz)}</fieldset></form>"
    )
    folded = _fold("Answer", _answer(quiz) + where) if answer else ""
    return element(quiz, number, inner + folded, _data(quiz))


def recall_html(quizzes: Iterable[str]) -> str:
    """Questions on earlier chapters, as one form each."""
    title = "From earlier chapters"
    return (
        f'<div class="mle-recall" role="group" aria-label="{title}">'
        f'<p class="mle-recall-title">{title}</p>{"".join(quizzes)}</div>'
    )


def code_html(
    exercise: CodeExercise, number: str, cell: str, solution: str, data: dict[str, Any]
) -> str:
    """A code exercise: the cell and the solution as highlighted HTML; ``data`` for the editor."""
    hints = "".join(
        _fold(f"Hint {k}", to_html(hint), "mle-hint") for k, hint in enumerate(exercise.hints, 1)
    )
    shown = f"{solution}{to_html(exercise.note)}"
    inner = f'<div class="mle-cell">{cell}</div>{hints}{_fold("Solution", shown, "mle-solution")}'
    return element(exercise, number, inner, {"why": to_html(exercise.why), **data})


def element(exercise: Exercise, number: str, inner: str, data: dict[str, Any]) -> str:
    """The custom element around an exercise."""
    attributes = {
        "kind": "order" if getattr(exercise, "stage", "") == "order" else exercise.kind,
        "exercise": exercise.id,
        "label": heading(exercise, number),
        "data-exercise": json.dumps(data, ensure_ascii=False),
    }
    if isinstance(exercise, Numeric) and exercise.prediction:
        attributes["data-prediction"] = ""
    if isinstance(exercise, Choice) and exercise.of:
        attributes["data-of"] = exercise.of
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<mle-exercise {written}>{inner}</mle-exercise>"


def standalone(html: str) -> str:
    """An element with its style and program, for an output frame that has neither."""
    static = files("mle_lib.exercises") / "static"
    style = (static / "exercises.css").read_text("utf-8")
    program = (static / "exercises.js").read_text("utf-8")
    return f"<style>{style}</style>{html}<script>{program}</script>"


def _controls(quiz: Quiz) -> str:
    if isinstance(quiz, Choice):
        return _options(quiz)
    return _field(quiz) if isinstance(quiz, Numeric) else _open(quiz)


def _options(quiz: Choice) -> str:
    kind = "checkbox" if quiz.several else "radio"
    return "".join(
        f'<label class="mle-option"><input type="{kind}" name="{quiz.id}" value="{letter}">'
        f"<span>{_name(letter, 'b')} {inline_html(option.text)}</span></label>"
        for letter, option in zip(quiz.letters, quiz.options, strict=True)
    )


def _name(letter: str, tag: str) -> str:
    """An option's letter, by which answers and feedback call it in every language."""
    return f"<{tag} {UNTRANSLATED}>{letter}.</{tag}>"


def _field(quiz: Numeric) -> str:
    return (
        f'<label class="mle-number"><span>Your {"guess" if quiz.prediction else "answer"}</span>'
        f'<input type="text" name="{quiz.id}" autocomplete="off" spellcheck="false">'
        f"<span>{inline_html(quiz.unit)}</span></label>"
    )


def _open(quiz: Open) -> str:
    ticks = "".join(
        f'<label class="mle-option"><input type="checkbox" name="{quiz.id}" value="{k}">'
        f"<span>{inline_html(line)}</span></label>"
        for k, line in enumerate(quiz.rubric, 1)
    )
    return (
        f'<label class="mle-text"><span>Your answer</span>'
        f'<textarea {UNTRANSLATED} name="{quiz.id}-text" rows="7"></textarea></label>'
        f'<details class="mle-rubric"><summary>Judge it yourself</summary>'
        f"<p>Does your answer say this? Tick what it says.</p>{ticks}</details>"
    )


def _answer(quiz: Quiz) -> str:
    """What is folded under "Answer", for who reads without a program or has tried."""
    if isinstance(quiz, Choice):
        right = "".join(
            f"<p>{_name(letter, 'strong')} {inline_html(option.text)}</p>"
            for letter, option in zip(quiz.letters, quiz.options, strict=True)
            if option.right
        )
        return right + to_html(quiz.why)
    if isinstance(quiz, Numeric):
        return f"<p>{quiz.answer:.4g} {inline_html(quiz.unit)}</p>{to_html(quiz.why)}"
    return to_html(quiz.where)


def _data(quiz: Quiz) -> dict[str, Any]:
    """What the element needs to judge an answer by itself."""
    if isinstance(quiz, Choice):
        pairs = zip(quiz.letters, quiz.options, strict=True)
        feedback = {letter: inline_html(option.feedback) for letter, option in pairs}
        return {"right": quiz.right, "feedback": feedback, "why": to_html(quiz.why)}
    if isinstance(quiz, Numeric):
        near = [
            {"value": near.value, "margin": quiz.margin(near), "advice": to_html(near.advice)}
            for near in quiz.near
        ]
        answer = {"answer": quiz.answer, "tolerance": quiz.tolerance, "near": near}
        return {**answer, "otherwise": to_html(quiz.otherwise), "why": to_html(quiz.why)}
    return {"rubric": len(quiz.rubric)}


def _fold(summary: str, html: str, name: str = "mle-answer") -> str:
    return f'<details class="{name}"><summary>{summary}</summary><div>{html}</div></details>'
