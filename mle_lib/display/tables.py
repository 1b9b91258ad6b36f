"""Numbers as text that a test can compare: a table, and how far two computations differ.

A table is text wherever text is shown; on the website it becomes a table, found by the line of
dashes below its heading.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from mle_lib.checks import check_not_negative

GAP = "   "
Columns = Mapping[str, Iterable[object]]
Rows = Iterable[Mapping[str, object]]


def table(columns: Columns | Rows, formats: str | Mapping[str, str] = "") -> str:
    """Columns under their names, numbers to the right, everything else to the left.

        b    variance
        --   --------
         1       2.00
        10       0.20

    Args:
        columns: For each heading its entries, the same number in each; None leaves a place empty.
            Or the rows, each a dictionary of its entries by heading, all with the same headings.
        formats: How floats are written, as in ``format``: one for all, or one by heading. Where
            there is none, three significant digits.

    Raises:
        ValueError: If there are no two columns or no entry, a column has more entries than
            another, a row has no entry, an entry or a heading takes more than one line, or a
            format is not one.
    """
    entries = {name: _entries(name, column) for name, column in _by_column(columns).items()}
    if len(entries) < 2:
        raise ValueError(f"columns must be at least two, got {len(entries)}")
    lengths = {name: len(column) for name, column in entries.items()}
    if len({*lengths.values()}) > 1 or not all(lengths.values()):
        raise ValueError(f"columns must be of one length, at least 1, got {lengths}")
    given = formats if isinstance(formats, Mapping) else dict.fromkeys(entries, formats)
    if unknown := set(given) - set(entries):
        raise ValueError(f"formats must be for columns, got {', '.join(sorted(unknown))}")
    shown = []
    for name, column in entries.items():
        words = [_written(entry, given.get(name) or ".3g", name) for entry in column]
        if any("\n" in word for word in (name, *words)) or not name.strip():
            raise ValueError(f"columns must hold entries of one line under a name, got {name!r}")
        width = max(len(name), *map(len, words))
        numbers = all(entry is None or _is_number(entry) for entry in column)
        side = str.rjust if numbers else str.ljust
        shown.append([side(name, width), "-" * width, *(side(word, width) for word in words)])
    lines = [GAP.join(line).rstrip() for line in zip(*shown, strict=True)]
    if not all(lines):
        row = lines.index("") - 1
        raise ValueError(f"columns must hold an entry in each row, got none in row {row}")
    return "\n".join(lines)


def _by_column(columns: Columns | Rows) -> Columns:
    if isinstance(columns, Mapping):
        return columns
    rows = list(columns)
    if any(list(row) != list(rows[0]) for row in rows):
        raise ValueError(f"columns must have the headings of the first row, {list(rows[0])}")
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def _entries(name: str, column: Iterable[object]) -> list[object]:
    if isinstance(column, str):
        raise ValueError(f"columns must hold entries, got the text {column!r} for {name}")
    return column.tolist() if isinstance(column, Tensor) else list(column)


def _is_number(entry: object) -> bool:
    return isinstance(entry, int | float | Tensor) and not isinstance(entry, bool)


def _written(entry: object, written: str, name: str) -> str:
    value = entry.item() if isinstance(entry, Tensor) else entry
    if not isinstance(value, float):
        return "" if value is None else str(value)
    try:
        return format(value, written)
    except ValueError as error:
        raise ValueError(f"formats must be as in format(), got {written!r} for {name}") from error


def compared(name: str, found: Tensor | float, wanted: Tensor | float, within: float) -> str:
    """One line: what was compared, the largest |found - wanted|, and whether it is within bounds.

    What the largest difference is to the digit depends on the machine, so tests compare the rest.

    Args:
        name: What is compared with what.
        found, wanted: Numbers of one shape.
        within: The largest difference that rounding explains.

    Raises:
        ValueError: If the shapes differ, there is nothing to compare, or ``within`` is negative.
    """
    within = check_not_negative(within, "within")
    pair = [torch.as_tensor(value, dtype=torch.float64).detach() for value in (found, wanted)]
    if pair[0].shape != pair[1].shape or not pair[0].numel():
        shapes = " and ".join(str(tuple(part.shape)) for part in pair)
        raise ValueError(f"found and wanted must be of one shape, with an entry, got {shapes}")
    off = (pair[0] - pair[1].to(pair[0].device)).abs().max().item()
    verdict = "within" if off <= within else "MORE THAN"
    return f"{name}: largest difference {_power(off)}, {verdict} {_power(within)}"


def _power(value: float) -> str:
    """As in 3e-13 and 1e-9; ordinary numbers as they are."""
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    if value == 0 or abs(int(exponent or 0)) < 3:
        return f"{value:.2g}"
    return f"{mantissa}e{int(exponent)}"
