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

# The contrast of each text with what is behind it, as WCAG defines it: those below 4.5, or 3 where letters are large.
LOW_CONTRAST = """() => {
  const channel = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const parse = s => { const n = s.match(/[0-9.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3]));
  const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const behind = e => {
    const layers = [];
    for (let x = e; x; x = x.parentElement) layers.push(parse(getComputedStyle(x).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const low = [];
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest("svg") || e.closest(":disabled") || !e.checkVisibility()) continue;
    const own = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join("").trim();
    if (!own) continue;
    const style = getComputedStyle(e), back = behind(e), ink = over(parse(style.color), back);
    const [a, b] = [light(ink), light(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) low.push([own.slice(0, 40), (a + 0.05) / (b + 0.05)]);
  }
  return low;
}"""


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
def opened(browser: Any, place: Path | str, *, width: int = 1200, theme: str = "light") -> Iterator[tuple[Any, Any]]:
    """A page, and what it did that it must not: console messages, dialogs, requests for anything but itself.

    The page is a file, or what a service serves at an address, whose other paths are then its own as well.
    """
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    context.set_default_timeout(10_000)
    page = context.new_page()
    seen = SimpleNamespace(console=[], dialogs=[], requests=[])
    own = place if isinstance(place, str) else f"file://{os.path.realpath(place)}"

    def is_foreign(url: str) -> bool:
        return not (url.startswith(own) if isinstance(place, str) else url == own or url.startswith("data:"))

    page.on("console", lambda message: seen.console.append(message.text))
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: seen.requests.append(request.url) if is_foreign(request.url) else None)
    context.route(is_foreign, lambda route: route.abort())
    page.goto(own)
    yield page, seen
    context.close()
