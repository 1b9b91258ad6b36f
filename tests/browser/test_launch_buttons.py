"""The launch button of each chapter on the built site."""

import pytest
import yaml
from bs4 import BeautifulSoup

from tests.browser.conftest import ROOT, SITE, pages
from tools.notebooks import toc_files
from tools.publish_as import repository

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
        is_chapter = path.suffix == ".ipynb"
        assert buttons == ([f"{here}/{source.as_posix()}"] if is_chapter else []), page.name
        chapters += is_chapter
    assert chapters >= 10
