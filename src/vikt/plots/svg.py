"""A picture as a part of a page."""

from __future__ import annotations

import io
import re
import warnings
from hashlib import blake2b
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from vikt.plots.inputs import instance
from vikt.plots.style import INK, in_style
from vikt.tables import escaped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMESPACE = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_PAPER = "#ffffff"
_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', sans-serif"
_NUMBER = re.compile(r"-?\d+\.\d+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def svg(figure: Figure, title: str, description: str = "", *, standalone: bool = False) -> str:
    r"""A figure as SVG, to be put into a page of HTML.

    It has the page's font and the page's colour of text, no background, no outside address, no script, no style sheet
    and no name that another picture of the page has. Equal figures give equal strings.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    title : str
        What the picture shows, for those who cannot see it.
    description : str
        What is to be seen in it.
    standalone : bool
        For a file: with a white background, dark text and a font of its own.

    Raises
    ------
    UsageError
        It is not a figure.
    MissingPackageError
        Matplotlib is not installed.

    Examples
    --------
    >>> from vikt import plots
    >>> picture = plots.svg(plots.confusion_matrix([[8, 2], [1, 9]], ["ham", "spam"]), "Confusion matrix")
    >>> picture.startswith("<svg"), "currentColor" in picture
    (True, True)
    """
    root = ElementTree.fromstring(_drawn(figure))
    _without_surroundings(root)
    for element in root.iter():
        _plain(element, INK if standalone else "currentColor")
    width, height = (root.get("viewBox") or "").split()[2:]
    root.attrib.clear()
    root.attrib |= {
        "xmlns": _NAMESPACE,
        "viewBox": f"0 0 {width} {height}",
        "width": width,
        "height": height,
        "role": "img",
        "fill": INK if standalone else "currentColor",
        "stroke-linejoin": "round",
        "style": f"font-family: {_FONT}" if standalone else "max-width: 100%; height: auto",
    }
    if standalone:
        root.insert(0, ElementTree.Element("rect", {"width": "100%", "height": "100%", "fill": _PAPER}))
    _entitled(root, title, description)
    return ElementTree.tostring(root, encoding="unicode")


def _drawn(figure: Figure) -> str:
    written = io.StringIO()
    with in_style(**{"svg.fonttype": "none", "svg.hashsalt": "vikt"}), warnings.catch_warnings():
        from matplotlib.figure import Figure

        # The reader's browser has the letters.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        instance("svg", figure, Figure, "give what a function of vikt.plots returns")
        no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", transparent=True, metadata=no_metadata)
    return written.getvalue()


def _without_surroundings(root: ElementTree.Element) -> None:
    """Leave out metadata, and the style sheet, which would be that of the whole page."""
    for element in list(root):
        if element.tag.endswith("}metadata") or element.find(f"{{{_NAMESPACE}}}style") is not None:
            root.remove(element)


def _plain(element: ElementTree.Element, ink: str) -> None:
    """Rewrite an element: the page's own colour and font, two decimals, no namespaces."""
    element.tag = element.tag.rpartition("}")[2]
    if _LINK in element.attrib:
        element.set("href", element.attrib.pop(_LINK))
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    for name in ("d", "x", "y"):
        if name in element.attrib:
            element.set(name, " ".join(_NUMBER.sub(_rounded, element.attrib[name]).split()))
    if "style" in element.attrib:
        element.set("style", _restyled(element.attrib["style"], ink))
    if element.tag != "text":
        element.text = None
    element.tail = None


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _restyled(style: str, ink: str) -> str:
    kept = []
    for declaration in filter(None, map(str.strip, style.split(";"))):
        name, _, value = declaration.partition(":")
        if name == "font":  # as older versions of Matplotlib have it: "font: italic 700 12px 'DejaVu Sans', ..."
            *words, size = value.partition("px")[0].split()
            kept += [f"{'font-weight' if word.isdigit() else 'font-style'}: {word}" for word in words]
            kept.append(f"font-size: {size}px")
        elif name != "font-family":
            kept.append(declaration.replace(INK, ink))
    return "; ".join(kept)


def _entitled(root: ElementTree.Element, title: str, description: str) -> None:
    """Put title and description in front, and give what is referred to names that no other picture has."""
    texts = {"title": escaped(title), "desc": escaped(description)}
    drawing = ElementTree.tostring(root) + repr(texts).encode()
    prefix = f"v{blake2b(drawing, digest_size=5).hexdigest()}"
    _renamed(root, prefix)
    for place, (tag, text) in enumerate((tag, text) for tag, text in texts.items() if text):
        element = ElementTree.Element(tag, {"id": f"{prefix}-{tag}"})
        element.text = text
        root.insert(place, element)
        root.set({"title": "aria-labelledby", "desc": "aria-describedby"}[tag], f"{prefix}-{tag}")


def _renamed(root: ElementTree.Element, prefix: str) -> None:
    styles = [value for element in root.iter() for value in element.attrib.values()]
    links = [value[1:] for element in root.iter() if (value := element.get("href", "")).startswith("#")]
    used = [found for value in styles for found in _REFERENCE.findall(value)]
    new = {old: f"{prefix}-{number}" for number, old in enumerate(dict.fromkeys([*used, *links]))}
    for element in root.iter():
        if "id" in element.attrib and element.attrib["id"] not in new:
            del element.attrib["id"]
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, new[value])
            elif name == "href" and value.startswith("#"):
                element.set(name, f"#{new[value[1:]]}")
            else:
                element.set(name, _REFERENCE.sub(lambda found: f"url(#{new[found[1]]})", value))
