"""What leads to the repository on the built site, and to a chapter in Colab."""

import re

import pytest
import yaml
from bs4 import BeautifulSoup

from tests.browser.conftest import ROOT, SITE, pages
from tools.notebooks import toc_files
from tools.publish_as import UNPUBLISHED, is_published, repository

COLAB = "https://colab.research.google.com/"


def test_every_chapter_opens_its_own_notebook_in_colab_and_no_other_page_does() -> None:
    if not pages():
        pytest.fail(f"no site in {SITE}: run `make book` first", pytrace=False)
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    here = f"{COLAB}github/{repository()}/blob/{config['repository']['branch']}"
    chapters = 0
    for path in toc_files():
        source = path.relative_to(ROOT)
        page = SITE / source.with_suffix(".html")
        soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
        buttons = [
            link["href"]
            for link in soup.select(f"a[href^='{COLAB}']")
            if link.find_parent("article") is None
        ]
        is_chapter = path.suffix == ".ipynb" and is_published()
        assert buttons == ([f"{here}/{source.as_posix()}"] if is_chapter else []), page.name
        chapters += path.suffix == ".ipynb"
    assert chapters >= 10


def test_nothing_leads_to_a_repository_that_is_not_published() -> None:
    link = re.compile(
        rf'<a\b[^>]*\shref="[^"]*{UNPUBLISHED}|&quot;colab&quot;: &quot;[^&]*{UNPUBLISHED}'
    )
    all_of_them = [path for path in SITE.rglob("*.html") if "_static" not in path.parts]
    assert len(all_of_them) > 100
    found = [path.name for path in all_of_them if link.search(path.read_text("utf-8"))]
    assert found == []
