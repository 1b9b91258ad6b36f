"""The repository's address: every link to it leads somewhere, and a fork has its own everywhere."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from tools import publish_as, references
from tools.chapter_rules import installs_library, misnamed_repositories
from tools.environment import ROOT
from tools.markdown import links
from tools.notebooks import read, toc_files, toc_notebooks
from tools.publish_as import repository


def tracked() -> list[Path]:
    """Every file that is in the repository, or would be if all were committed now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("this is no git repository")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


# ---- links to files of this repository

NO_FILE = re.compile(r"(?:issues|pulls|actions|releases)(?:/|$)")


def dead(text: str, root: Path = ROOT) -> Iterator[str]:
    """The links to this repository that lead to no file, branch or section of it."""
    name = repository(root)
    branch = yaml.safe_load((root / "_config.yml").read_text("utf-8"))["repository"]["branch"]
    ours = re.compile(
        rf"https?://(?P<host>(?:[\w.]+\.)?(?:github\.com|google\.com/github|githubusercontent\.com))"
        rf"/{re.escape(name)}(?:\.git)?(?:/(?P<rest>[^#?]*))?(?:\?[^#]*)?(?:#(?P<anchor>.*))?"
    )
    for link in links(text):
        match = ours.fullmatch(link)
        if not match or not match["rest"] or NO_FILE.match(match["rest"]):
            continue
        view = "" if "githubusercontent" in match["host"] else r"(?:blob|tree|raw|edit)/"
        found = re.fullmatch(rf"{view}{re.escape(branch)}/(.+)", unquote(match["rest"]))
        path = root / found[1] if found else root
        alive = path.exists() and path != root
        if "google" in match["host"]:
            alive = alive and path.suffix == ".ipynb"
        if not alive or not (match["anchor"] is None or has_anchor(path, unquote(match["anchor"]))):
            yield link


def has_anchor(path: Path, anchor: str) -> bool:
    if path.suffix == ".ipynb" and anchor.startswith("scrollTo="):
        return anchor.removeprefix("scrollTo=") in {cell.id for cell in read(path).cells}
    if path.suffix in (".ipynb", ".md"):
        return anchor in {s.anchor for s in references.sections(references.page_text(path))}
    lines = re.fullmatch(r"L(\d+)(?:-L(\d+))?", anchor)
    length = len(path.read_text("utf-8").splitlines())
    return lines is not None and all(1 <= int(n) <= length for n in lines.groups() if n)


@pytest.mark.parametrize(
    "path", [*toc_files(), *sorted(ROOT.glob("*.md"))], ids=lambda path: path.name
)
def test_links_to_the_repository_lead_to_files_and_sections(path: Path) -> None:
    assert list(dead(references.page_text(path))) == []


def test_chapters_link_to_each_other() -> None:
    """So that there is something to check."""
    texts = [references.page_text(path) for path in toc_notebooks()]
    assert all(repository() in text for text in texts)


COLAB = f"https://colab.research.google.com/github/{repository()}/blob/main"
GITHUB = f"https://github.com/{repository()}"


@pytest.mark.parametrize(
    "link",
    [
        f"{COLAB}/book/02-gradients.ipynb",
        f"{COLAB}/book/api.md",
        f"{COLAB}/gradient.ipynb",
        f"{COLAB}/book/gradient.ipynb#no-such-section",
        f"{COLAB.replace('main', 'master')}/book/gradient.ipynb",
        f"{GITHUB}/blob/main/mle_lib/gone.py",
        f"{GITHUB}/blob/main/mle_lib/gradient.py#L99999",
        f"{GITHUB}/blob/main/mle_lib/gradient.py#full_gradient",
        f"{GITHUB}/blob/main/",
        f"{GITHUB}/mle_lib",
        f"https://raw.githubusercontent.com/{repository()}/main/gone.png",
    ],
)
def test_a_dead_link_is_found(link: str) -> None:
    assert list(dead(f"See [this]({link}).")) == [link]


@pytest.mark.parametrize(
    "link",
    [
        f"{COLAB}/book/gradient.ipynb",
        f"{COLAB}/book/gradient.ipynb#summary",
        f"{GITHUB}",
        f"{GITHUB}/issues/new?title=x",
        f"{GITHUB}/tree/main/mle_lib",
        f"{GITHUB}/blob/main/mle_lib/gradient.py#L1-L3",
        f"https://raw.githubusercontent.com/{repository()}/main/docs/page.png",
        f"{GITHUB}-2/blob/main/gone.md",
        "https://github.com/someone/else/blob/main/gone.md",
    ],
)
def test_a_living_link_is_left_alone(link: str) -> None:
    assert list(dead(f"See [this]({link}).")) == []


# ---- a fork


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """All that is in the repository, under another address."""
    for path in tracked():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    publish_as.publish_as("Ada-L/another.book", tmp_path)
    return tmp_path


def test_no_file_of_a_fork_names_the_old_address(fork: Path) -> None:
    owner, _, _ = repository().partition("/")
    owner = re.escape(owner)
    old = re.compile(
        rf"{re.escape(repository())}|github(?:\.com)?/{owner}/|{owner}\.github\.io".encode()
    )
    kept = [
        path.relative_to(fork)
        for path in fork.rglob("*")
        if path.is_file() and old.search(path.read_bytes())
    ]
    assert kept == []
    assert repository(fork) == "Ada-L/another.book"
    urls = [fork / "_config.yml", fork / "pyproject.toml", fork / "book" / "index.md"]
    assert all("https://github.com/Ada-L/another.book" in path.read_text("utf-8") for path in urls)


def test_a_fork_keeps_the_rules_of_the_house(fork: Path) -> None:
    for path in toc_notebooks(fork):
        assert installs_library(read(path), "Ada-L/another.book") == []
    for path in publish_as.places(fork):
        text = path.read_text("utf-8")
        assert misnamed_repositories(text, "Ada-L/another.book") == []
    for path in toc_files(fork):
        assert list(dead(references.page_text(path), fork)) == []


def test_a_forks_own_address_is_no_work_that_it_cites(fork: Path) -> None:
    assert references.citations(fork).keys() == references.citations(ROOT).keys()


def test_a_fork_can_go_back(fork: Path) -> None:
    publish_as.publish_as("Ada-L/third", fork)
    publish_as.publish_as("Ada-L/another.book", fork)
    changed = publish_as.publish_as("bob/mle", fork)
    assert {path.name for path in changed} >= {"_config.yml", "pyproject.toml", "index.md"}
    assert not any(b"Ada-L" in path.read_bytes() for path in publish_as.places(fork))
