"""Exercises that answer back: on the page, in Colab and in JupyterLab, from one definition.

    from mle_lib.exercises import check, hint, quiz, solution

Pure NumPy, so that the same code also runs inside a web page. A code exercise is a function to be
written; `check` calls it with arguments that the reader has not seen. A quiz is shown by a cell,
`quiz("…")`, and answered by clicking; `check` takes its answer too. `recall` shows the questions on
earlier chapters that open a chapter.
"""

from mle_lib.exercises.front import check, hint, quiz, recall, solution

__all__ = ["check", "hint", "quiz", "recall", "solution"]
