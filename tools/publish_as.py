"""Write the repository's address wherever it stands (`make publish-as REPO=owner/name`)."""

import re
import sys
from pathlib import Path

import yaml

from tools.environment import ROOT, say

UNPUBLISHED = "/-unpublished-/"  # the owner that nobody can register; `make publish-as` replaces it
OWNER_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}/[A-Za-z0-9._-]{1,100}")


def repository(root: Path = ROOT) -> str:
    """owner/name, from the one place that decides: repository.url of `_config.yml`."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return config["repository"]["url"].removeprefix("https://github.com/").strip("/")


def is_published(root: Path = ROOT) -> bool:
    return UNPUBLISHED not in f"/{repository(root)}"


def checked(repo: str) -> str:
    name = repo.partition("/")[2]
    if not OWNER_NAME.fullmatch(repo) or name in (".", "..") or name.endswith(".git"):
        raise ValueError(
            f"REPO is {repo!r}; it must be owner/name, as in REPO=ada/mle-minibatches."
        )
    return repo


def replace_repository(text: str, old: str, new: str) -> str:
    """Replace `old` as a whole name, not where it begins a longer one."""
    # a full stop may end a sentence or be part of a longer name; `.git` is neither
    return re.sub(rf"(?<![\w.-]){re.escape(old)}(?![\w-]|\.(?!git\b)\w)", lambda _: new, text)


def places(root: Path = ROOT) -> list[Path]:
    """Every file that may repeat the address."""
    settings = [root / name for name in ("_config.yml", "pyproject.toml", "CITATION.cff")]
    named = [*settings, *sorted(root.glob("*.md"))]
    pages = [p for pattern in ("*.ipynb", "*.md") for p in sorted((root / "book").rglob(pattern))]
    return [p for p in [*named, *pages] if p.is_file() and ".ipynb_checkpoints" not in p.parts]


def publish_as(repo: str, root: Path = ROOT) -> list[Path]:
    """The files changed; all texts are made before the first is written."""
    old, new = repository(root), checked(repo)
    changed = {}
    for path in places(root):
        text = path.read_text(encoding="utf-8")
        if (replaced := replace_repository(text, old, new)) != text:
            changed[path] = replaced
    # _config.yml last: as long as it holds the old address, an interrupted run can be repeated
    in_order = sorted(changed, key=lambda path: path.name == "_config.yml")
    for path in in_order:
        path.write_text(changed[path], encoding="utf-8")
    return in_order


def main(repo: str) -> int:
    try:
        changed = publish_as(repo)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for path in changed:
        say(f"  {path.relative_to(ROOT)}")
    say(f"{len(changed)} files now name https://github.com/{repo}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
