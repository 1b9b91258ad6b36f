"""The system's Chromium, which prints the book and which the tests look at it with."""

import os
import shutil

BROWSERS = (
    "chromium-headless-shell",  # Debian's: the same without windows, which cost half of the time
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def find_browser() -> str | None:
    """Playwright would download one of its own."""
    candidates = [os.environ.get("MLE_CHROMIUM", ""), *BROWSERS]
    return next((found for name in candidates if name and (found := shutil.which(name))), None)
