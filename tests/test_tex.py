"""Formulas become MathML that says what the TeX said."""

import pytest

from tex import TexError, mathml, replace_math

USED = [
    r"\begin{aligned}J(\theta)&=\mathbb{E}_{\tau\sim\pi_\theta}[R(\tau)]\\&\approx 0{,}586\end{aligned}",
    r"\begin{cases}1,&x>0\\0,&\text{иначе}\end{cases}",
    r"\underbrace{\nabla_\theta\log\pi_\theta(a\mid s)}_{\text{награда}}",
    r"\operatorname{clip}(r,1-\varepsilon,1+\varepsilon)\,\hat A_t",
    r"\begin{pmatrix}1&2\\3&4\end{pmatrix}^\top\Bigl[\tfrac12\Bigr]",
]


@pytest.mark.parametrize("tex", USED)
def test_a_formula_keeps_its_tex_for_copying(tex):
    formula = mathml(tex, True)
    assert formula.startswith('<math display="block">')
    assert '<annotation encoding="application/x-tex">' in formula
    assert r"\text" not in formula.partition("<annotation")[0]


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"\sum_{\substack{i\\j}}", "<mtable"),
        (r"\begin{split}a&=b\end{split}", "<mtable"),
        (r"a\tag{1}", "<mtext>(1)</mtext>"),
        (r"a\tag*{A}", "<mtext>A</mtext>"),
        (r"\begin{align}a&=b\tag{2}\end{align}", "<mtext>(2)</mtext>"),
        (r"a\label{x}", "<mi>a</mi>"),
        (r"\DeclareMathOperator{\tr}{след}\tr A", "след"),
        (r"\mbox{если}", "<mtext>если</mtext>"),
        (r"\widetilde{x}", "˜"),
    ],
)
def test_what_mathjax_shows_in_obsidian_is_shown_in_other_words(tex, shown):
    assert shown in mathml(tex, True)


def test_cyrillic_text_stays_text():
    assert "<mtext>" in mathml(r"\text{награда}", False)
    assert "награда" in mathml(r"\text{награда}", False)


def test_inline_and_display_formulas_take_their_places():
    html = 'a <span class="arithmatex">\\(x &lt; y\\)</span> b<div class="arithmatex">\\[\nz\n\\]</div>'
    result = replace_math(html)
    assert "arithmatex" not in result and "\\(" not in result
    assert "<mo>&lt;</mo>" in result
    assert '<div class="formula"><math display="block">' in result


@pytest.mark.parametrize(("tex", "what"), [(r"\frac{1", "не разобрать"), (r"\nope", r"\nope")])
def test_bad_tex_is_said_in_one_line_and_marked_on_the_page(tex, what):
    with pytest.raises(TexError, match="формулу «") as error:
        mathml(tex, False)
    assert what in str(error.value) and "\n" not in str(error.value)
    assert 'class="problem"' in replace_math(f'<span class="arithmatex">\\({tex}\\)</span>')


def test_a_formula_is_not_torn_from_its_punctuation():
    html = 'и (<span class="arithmatex">\\(x\\)</span>), <span class="arithmatex">\\(n\\)</span>-й'
    assert replace_math(html).count('<span class="unbroken">') == 2
    assert "</math>),</span>" in replace_math(html)
    assert "</math>-й</span>" in replace_math(html)
