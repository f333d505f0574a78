"""The browser of the tour, of the tests and of the pictures, as it is installed on this machine."""

import shutil

from playwright.sync_api import Browser, Playwright

# The first is the same engine without windows of its own: it asks for half as much of the processor.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launched(driver: Playwright) -> Browser:
    """A browser without windows. Raises FileNotFoundError where none is installed."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise FileNotFoundError("Chromium is missing: python3 bin/setup.py test")
    return driver.chromium.launch(executable_path=program, args=_FLAGS)
