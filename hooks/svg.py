"""SVG: what matplotlib wrote, made fit for a page of any colour scheme and width.

Standard library alone: the reader's browser runs this file too, on the figures of the reader's code.
"""

import re
from functools import lru_cache
from xml.etree import ElementTree

# matplotlibrc's colours and the variables of overrides/assets/figures.css that stand for them
COLOURS = {
    "#0072b2": "var(--c0)",
    "#d55e00": "var(--c1)",
    "#009e73": "var(--c2)",
    "#cc79a7": "var(--c3)",
    "#e69f00": "var(--c4)",
    "#56b4e9": "var(--c5)",
    "#000000": "currentColor",
    "#ffffff": "var(--md-default-bg-color)",
    "#808080": "var(--fig-grey)",
    "#cccccc": "var(--fig-grid)",
}
DIGITS = 1  # of a coordinate after the point: on a phone a unit is a pixel, and 0.05 of it is not seen

NUMBER = re.compile(r"-?\d+\.\d+")
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
REFERENCE = re.compile(r"url\(#([^)]+)\)")
COORDINATES = {"d", "x", "y", "width", "height", "points"}
DROPPED_TAGS = {"metadata", "style"}
DROPPED_STYLES = {"font-family"}  # the site's own font, set in figures.css
INVISIBLE = "fill:none"


@lru_cache(maxsize=256)  # a figure is on its page and in its notebook, and again at every rebuild
def inline_svg(svg: str, name: str, alt: str) -> str:
    """Return matplotlib's SVG as an element of an HTML page.

    Parameters
    ----------
    svg : the file's text
    name : the figure's name, unique on the page; ids in the SVG begin with it
    alt : what the figure shows, for one who does not see it

    Returns
    -------
    An `<svg>` that fills its column, takes its colours from CSS variables and is an image called
    `alt` to a screen reader. Nothing but what is seen is left of the original.

    Raises
    ------
    xml.etree.ElementTree.ParseError : the text is not XML
    """
    source = ElementTree.fromstring(svg)
    for element in source.iter():
        _plain(element)
    used = {i for element in source.iter() for i in _references(element)}
    body = _children(source, used, f"{name}-")
    title = ElementTree.Element("title", id=f"{name}-alt")
    title.text = alt
    root = ElementTree.Element(
        "svg",
        {
            "class": "figure-svg",
            "viewBox": source.get("viewBox", ""),
            "role": "img",
            "aria-labelledby": f"{name}-alt",
            "fill": "currentColor",  # matplotlib leaves black out
            "stroke-linejoin": "round",
            "data-search-exclude": "",  # or the search finds the numbers on the axes
        },
    )
    root.extend([title, *body])
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _plain(element: ElementTree.Element) -> None:
    """Drop namespaces and indentation, round coordinates, name colours; in place."""
    element.tag = _local(element.tag)
    attributes = {_local(key): value for key, value in element.items()}
    element.attrib.clear()
    for key, value in attributes.items():
        if key == "style":
            value = _style(value)
        elif key == "transform" and value.startswith("rotate"):
            value = "" if value.startswith("rotate(-0 ") else _rounded(value)
        elif key in COORDINATES:
            value = _path(value) if key == "d" else _rounded(value)
        value = COLOUR.sub(lambda m: COLOURS.get(m[0], m[0]), value)
        if value:
            element.set(key, value)
    if element.tag not in ("text", "tspan"):
        element.text = None
    if not (element.tail or "").strip():
        element.tail = None


def _children(parent: ElementTree.Element, used: set[str], prefix: str) -> list[ElementTree.Element]:
    """Return what is left of an element's children: ids that are referred to, groups that do something."""
    left = []
    for element in parent:
        if element.tag in DROPPED_TAGS:
            continue
        name = element.attrib.pop("id", None)
        if name in used:
            element.set("id", prefix + name)
        for key, value in element.items():
            if key == "href" and value.startswith("#"):
                element.set(key, f"#{prefix}{value[1:]}")
            else:
                element.set(key, REFERENCE.sub(rf"url(#{prefix}\1)", value))
        element[:] = _children(element, used, prefix)
        empty_group = element.tag in ("g", "defs") and not len(element)
        unseen = element.get("style") == INVISIBLE and "id" not in element.attrib
        if empty_group or unseen:
            continue
        if element.tag == "g" and not element.attrib:
            left.extend(element)
        else:
            left.append(element)
    return left


def _references(element: ElementTree.Element) -> list[str]:
    href = element.get("href", "")
    found = [i for value in element.attrib.values() for i in REFERENCE.findall(value)]
    return found + ([href[1:]] if href.startswith("#") else [])


def _local(name: str) -> str:
    return name.rpartition("}")[2] if not name.startswith("{http://www.w3.org/XML/") else name


def _style(style: str) -> str:
    pairs = (pair.partition(":") for pair in style.split(";"))
    kept = [(k.strip(), v.strip()) for k, _, v in pairs if k.strip() and k.strip() not in DROPPED_STYLES]
    return ";".join(f"{key}:{value}" for key, value in kept)


def _path(d: str) -> str:
    d = re.sub(r"\s*([A-Za-z])\s*", r"\1", _rounded(d))
    return re.sub(r"(?<=L)([^A-Za-z]+)((?:L[^A-Za-z]+)+)", lambda m: m[1] + m[2].replace("L", " "), d).strip()


def _rounded(text: str) -> str:
    return NUMBER.sub(lambda m: f"{round(float(m[0]), DIGITS) + 0.0:.15g}", text)
