"""The lines of a benchmark that make its numbers, stored with its result: a chapter that shows the
numbers shows them too, also in Colab, where there are no benchmarks.

In the script they stand between `# core` and `# end of core`.
"""

import json
import re
import textwrap

from tools.environment import ROOT

CORE = re.compile(r"^ *# core\n(.*?)^ *# end of core$", re.M | re.S)


def core(name: str) -> str | None:
    """The marked lines of ``benchmarks/<name>.py``, at the margin; None if none are marked."""
    found = CORE.findall((ROOT / "benchmarks" / f"{name}.py").read_text("utf-8"))
    return "\n\n".join(textwrap.dedent(lines).rstrip() for lines in found) or None


def write_cores() -> int:
    """Put each script's core into its result; how many results changed."""
    changed = 0
    for path in sorted((ROOT / "mle_lib" / "results").glob("*.json")):
        result = json.loads(path.read_text("utf-8"))
        wanted = core(path.stem)
        if result.get("core") == wanted:
            continue
        kept = {key: value for key, value in result.items() if key != "core"}
        if wanted is not None:
            at = list(kept).index("versions") + 1
            items = [*kept.items()]
            kept = dict([*items[:at], ("core", wanted), *items[at:]])
        path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        changed += 1
    return changed


if __name__ == "__main__":
    print(f"{write_cores()} results have another core")
