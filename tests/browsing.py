"""A page opened in headless Chromium, from the network of which nothing may leave; tests skip where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


@contextmanager
def chromium() -> Iterator[Any]:
    """Chromium without a window; the test skips where it, or what drives it, is not installed."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed; apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    with playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, path: Path, *, width: int = 1200, theme: str = "light") -> Iterator[tuple[Any, Any]]:
    """A page, and what it did that it must not: console messages, dialogs, requests for anything but itself."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    seen = SimpleNamespace(console=[], dialogs=[], requests=[])
    own = f"file://{os.path.realpath(path)}"
    page.on("console", lambda message: seen.console.append(message.text))
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: seen.requests.append(request.url) if request.url != own else None)
    context.route(lambda url: url != own, lambda route: route.abort())
    page.goto(own)
    yield page, seen
    context.close()
