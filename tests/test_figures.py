"""A figure on a page: light, alone with its ids, readable in both schemes and by everybody."""

import gzip
import io
import itertools
import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure

import figures
from runner import Run, run_all
from svg import COLOURS, _path, inline_svg

ROOT = Path(__file__).parent.parent
STYLE = ROOT / "snippets" / "matplotlibrc"
CSS = (ROOT / "overrides" / "assets" / "figures.css").read_text(encoding="utf-8")

BACKGROUNDS = {"default": "#ffffff", "slate": "#1e2129"}  # Material's own
GRAPHICS, TEXT = 3, 4.5  # contrasts that WCAG 2.2 asks for: 1.4.11 and 1.4.3
# Distance in OKLab (×100) below which two colours are taken for one: 2 is just noticeable side by
# side; the two closest of Okabe and Ito's palette are 7.6 apart for a deuteranope.
TOLD_APART = 8
# Machado, Oliveira, Fernandes. A physiologically-based model for simulation of color vision
# deficiency, 2009: full severity, acting on linear RGB
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    dark, light = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] for c in (a, b))
    return (light + 0.05) / (dark + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Björn Ottosson, 2020: A perceptual color space for image processing."""
    lms = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
    lab = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
    return np.array(lab) @ np.cbrt(np.array(lms) @ np.clip(rgb, 0, 1))


def variables(scheme: str) -> dict[str, str]:
    """The colours that hold in a scheme: those of :root, then the scheme's own."""
    own = {"default": r":root \{([^}]*)\}", "slate": r"\[data-md-color-scheme=\"slate\"\] \{([^}]*)\}"}
    names = ["default"] if scheme == "default" else ["default", "slate"]
    blocks = (re.search(own[name], CSS)[1] for name in names)
    return {k: v for block in blocks for k, v in re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)}


@pytest.fixture(scope="module")
def svg() -> str:
    """A figure with all that ours are made of."""
    with mpl.rc_context(fname=STYLE):
        figure = Figure(layout="constrained")
        ax, other = figure.subplots(2, 1)
        ax.plot(np.sin(np.arange(100) / 7), label="a < b & c")
        ax.plot([0, 50, 99], [-1, 0, 1], "s", color="C1", alpha=0.5)
        ax.scatter([10, 20], [0, 0.5], color="C3")
        ax.text(40, 0.5, "θ = 0,5", color="C4", bbox={"color": "white"})
        ax.plot([0, 50], [1, 1], color="black")
        ax.set(xlabel="шаг", ylabel="∇J")
        ax.grid()
        ax.legend()
        other.fill_between([0, 1, 2], [1, 3, 2], color="C2", alpha=0.3, hatch="//")
        text = io.StringIO()
        figure.savefig(text, format="svg")
    return text.getvalue()


@pytest.fixture(scope="module")
def inline(svg) -> ElementTree.Element:
    return ElementTree.fromstring(inline_svg(svg, "cem-elite", 'Кривая "a" <b> & точки.'))


@pytest.fixture(scope="module")
def site() -> dict[str, Run]:
    return run_all(ROOT / "snippets", ROOT / ".cache" / "snippets")


def test_nothing_but_the_picture_is_left(svg, inline):
    text = inline_svg(svg, "cem-elite", "")
    for gone in ("<?xml", "<!DOCTYPE", "<!--", "metadata", "<style", "xmlns", "xlink", "font-family", "\n"):
        assert gone not in text, gone
    assert not {"width", "height"} & set(inline.keys())
    assert inline.get("viewBox") == re.search(r'viewBox="([^"]+)"', svg)[1]
    assert inline.get("class") == "figure-svg"


def test_no_mark_of_the_picture_is_lost(svg, inline):
    def marks(root):
        drawn = [e for e in root.iter() if "stroke" in e.get("style", "") or e.tag.endswith(("text", "use"))]
        return [e.tag.rpartition("}")[2] for e in drawn], [e.text for e in drawn if e.tag.endswith("text")]

    assert marks(inline) == marks(ElementTree.fromstring(svg))
    clipped = [e for e in inline.iter() if e.get("clip-path")]
    assert len(clipped) == svg.count("clip-path=")


def test_a_screen_reader_hears_the_alt_text(inline):
    assert inline.get("role") == "img"
    title = inline.find("title")
    assert inline.get("aria-labelledby") == title.get("id")
    assert title.text == 'Кривая "a" <b> & точки.'


def test_the_search_passes_over_the_marks_of_axes(svg):
    from material.plugins.search.plugin import Parser

    parser = Parser()
    parser.feed(f"<h1>До</h1><p>текст</p>{inline_svg(svg, 'x', 'Описание.')}<p>после</p>")
    parser.close()
    indexed = "".join(text for section in parser.data for text in section.text)
    assert re.sub(r"<[^>]*>", "", indexed) == "Дотекстпосле"


def test_ids_carry_the_figure_s_name_and_are_all_used(svg, inline):
    ids = [e.get("id") for e in inline.iter() if e.get("id")]
    assert len(ids) == len(set(ids)) > 5
    assert all(i.startswith("cem-elite-") for i in ids)
    text = inline_svg(svg, "cem-elite", "")
    used = re.findall(r'(?:url\(#|href="#|labelledby=")([^)"]+)', text)
    assert set(ids) == set(used)
    other = re.findall(r'id="([^"]+)"', inline_svg(svg, "cem-refit", ""))
    assert not set(ids) & set(other)


def test_every_colour_of_the_style_becomes_a_variable(svg):
    text = inline_svg(svg, "x", "")
    assert not re.search(r"#[0-9a-f]{6}\b(?!\))", text.replace('href="#', ""))
    for variable in ("--c0", "--c1", "--c2", "--c4", "--fig-grey", "--fig-grid", "--md-default-bg-color"):
        assert f"var({variable})" in text, variable
    assert 'fill="currentColor"' in text and "stroke:currentColor" in text


def test_the_variables_stand_for_matplotlibrc_s_palette():
    cycle = mpl.rc_params_from_file(STYLE, use_default_template=False)["axes.prop_cycle"]
    palette = [c for c, v in COLOURS.items() if v.startswith("var(--c")]
    assert cycle.by_key()["color"] == palette


def test_rounding_moves_nothing_by_more_than_half_of_a_tenth_of_a_unit():
    d = "M 10.123456 -0.001 \nL 20 0.004999 \nL 3.996 4.5 \nC 1 2 3.333333 4 5 6 \nz\n"
    before = [float(n) for n in re.findall(r"-?[\d.]+", d)]
    path = _path(d)
    after = [float(n) for n in re.findall(r"-?[\d.]+", path)]
    assert len(after) == len(before)
    assert np.abs(np.subtract(before, after)).max() <= 0.05 + 1e-12  # half of the last digit, and a float's error
    assert path == "M10.1 0L20 0 4 4.5C1 2 3.3 4 5 6z"


def test_an_inline_svg_is_lighter_than_its_file(svg):
    # measured on such figures: 0.53–0.69 of the bytes, 0.57–0.60 of the gzipped bytes
    text = inline_svg(svg, "cem-elite", "Что на рисунке.")
    assert len(text) < 0.75 * len(svg)
    assert len(gzip.compress(text.encode())) < 0.75 * len(gzip.compress(svg.encode()))


def test_a_figure_has_its_label_and_caption(svg):
    source = 'def figure_elite():\n    """y ≥ γₖ & a < b.\n\n    Точки.\n    """\n'
    run = Run("cem", source, "", {"cem-elite": svg})
    for label, bold in (("Рис. 4", "<b>Рис. 4.</b> "), ("Рис. 4.", "<b>Рис. 4.</b> "), ("", "")):
        html = figures.figure_html(run, "cem-elite", label)
        assert html.startswith('<figure id="cem-elite" class="figure"><svg ')
        assert html.endswith(f"</svg><figcaption>{bold}y ≥ γₖ &amp; a &lt; b.</figcaption></figure>")
        assert '<title id="cem-elite-alt">Точки.</title>' in html


def test_the_code_of_a_figure_unfolds_below_it(svg):
    source = 'def figure_elite():\n    """Подпись.\n\n    Точки.\n    """\n'
    html = figures.figure_html(Run("cem", source, "", {"cem-elite": svg}), "cem-elite", with_code=True)
    folded = BeautifulSoup(html, "html.parser").details
    assert (folded["class"], folded.summary.text) == (["code"], "Код рисунка")
    assert folded.select_one(".language-python .k").text == "def" and folded.code.text == source


@pytest.mark.parametrize("scheme", BACKGROUNDS)
def test_colours_stand_out_from_the_page(scheme):
    colours = variables(scheme)
    for name in ("c0", "c1", "c2", "c3", "c4", "c5", "fig-grey"):
        assert contrast(colours[name], BACKGROUNDS[scheme]) >= GRAPHICS, name
        of_text = colours.get(f"{name}-text", colours[name])
        assert contrast(of_text, BACKGROUNDS[scheme]) >= TEXT, name


def test_text_takes_the_colours_meant_for_text():
    rule = re.search(r"\.figure-svg text \{([^}]*)\}", CSS)[1]
    assert {f"{name}-text" for name in re.findall(r"--(c\d): var\(--\1-text\);", rule)} == {
        name for name in variables("default") if name.endswith("-text")
    }


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", BACKGROUNDS)
def test_colours_are_told_apart(scheme, sight):
    colours = variables(scheme)
    seen = {f"c{i}": oklab(SIGHTS[sight] @ linear(colours[f"c{i}"])) for i in range(6)}
    for a, b in itertools.combinations(seen, 2):
        assert 100 * np.linalg.norm(seen[a] - seen[b]) >= TOLD_APART, (a, b)


def test_the_site_s_figures_are_light_and_take_all_their_colours_from_the_scheme(site):
    for run in site.values():
        for name, svg in run.figures.items():
            assert len(svg) <= 80_000, name  # six maps in one figure
            left = re.findall(r"(?:fill|stroke):(#[0-9a-f]{6})", inline_svg(svg, name, ""))
            assert not left, f"{name}: цветов {set(left)} нет в палитре"


SMALL = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9.123 9">
 <path d="M 1.23456 2 \nL 3 4" style="fill: #0072b2; stroke: #123456"/>
 <g transform="translate(1.23456 2)">
  <text x="1.23456" y="2.98765" transform="rotate(-0 1.23456 2)">0.12345</text>
  <text transform="rotate(-90.12345 1.26 2)">б</text>
 </g>
</svg>"""


def test_numbers_of_places_and_turns_are_rounded_and_text_and_other_colours_are_not():
    assert inline_svg(SMALL, "x", "о").partition("</title>")[2] == (
        '<path d="M1.2 2L3 4" style="fill:var(--c0);stroke:#123456"/><g transform="translate(1.23456 2)">'
        '<text x="1.2" y="3">0.12345</text><text transform="rotate(-90.1 1.3 2)">б</text></g></svg>'
    )


@pytest.mark.parametrize("name", ["cem", "ppo", "reinforce"])
def test_margins_that_a_snippet_sets_hold_its_words_in_matplotlib_s_own_style_too(name, tmp_path, monkeypatch):
    cut = []

    def savefig(figure, path):
        drawn, (right, top) = figure.get_tightbbox(), figure.get_size_inches()
        room = min(drawn.x0, drawn.y0, right - drawn.x1, top - drawn.y1)
        if room < 0:
            cut.append((path, room))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Figure, "savefig", savefig)
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.use("agg")
        runpy.run_path(str(ROOT / "snippets" / f"{name}.py"), run_name="__main__")
    assert cut == []
