"""Formulas become MathML that says what the TeX said."""

import re

import pytest

from tex import DEEPEST, TexError, mathml, replace_math

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
        (r"\DeclareMathOperator{\tg}{тангенс}\tg A", "тангенс"),
        (r"\newcommand{\R}{\mathbf{x}}\R", "<mi>𝐱</mi>"),
        (r"\newcommand*\vec[2]{#2#1}\vec{a}{b}", "<mi>b</mi><mi>a</mi>"),
        (r"\renewcommand{\new}{a}\new", "<mi>a</mi>"),
        (r"\mbox{если}", "<mtext>если</mtext>"),
        (r"\widetilde{x}", "˜"),
        (r"\require{cancel}\cancel{x}", "<mi>x</mi>"),
        (r"{\large x}", "<mi>x</mi>"),
        (r"\textcolor{#f00}{x}", "<mi>x</mi>"),
        (r"\color[HTML]{ff0000} x", "<mi>x</mi>"),
        (r"\colorbox{red}{x}", "<mi>x</mi>"),
        (r"\bbox[5px]{x}", "<mi>x</mi>"),
        (r"\href{https://a.b}{x}", "<mi>x</mi>"),
        (r"\rlap{x}\strut", "<mi>x</mi>"),
        (r"\begin{alignat}{2}a&=b\end{alignat}", "<mtable"),
        (r"\begin{alignedat}{2}a&=b\end{alignedat}", "<mtable"),
        (r"\begin{eqnarray*}a&=&b\end{eqnarray*}", "<mtable"),
        (r"\begin{matrix}a\cr b\end{matrix}", "<mtr><mtd><mi>b</mi>"),
        (r"1+\dotsb", "⋯"),
        (r"A\smallsetminus B", "<mo>∖</mo>"),
        (r"\varlimsup_{n}", "lim</mi></mrow><mo stretchy=\"true\">‾"),
        (r"\varliminf_{n}", "<munder accentunder"),
        (r"\text{при $x_{1}>0$ и $y$}", "<mtext>при\u00a0</mtext><mrow><msub><mi>x</mi><mn>1</mn></msub><mo>&gt;</mo>"),
        (r"\text{при $x$ и $y$}", "<mtext>\u00a0и\u00a0</mtext><mi>y</mi>"),
        (r"x\tag{$y$}", "<mi>y</mi>"),
    ],
)
def test_what_mathjax_shows_in_obsidian_is_shown_in_other_words(tex, shown):
    assert shown in mathml(tex, True)


def test_cyrillic_text_stays_text():
    assert "<mtext>" in mathml(r"\text{награда}", False)
    assert "награда" in mathml(r"\text{награда}", False)


def test_an_underscore_in_text_is_a_sign_of_the_text():
    assert "a_b" in mathml(r"\text{a_b}_c", False)


def test_a_command_that_only_begins_like_a_size_is_another():
    with pytest.raises(TexError):
        mathml(r"\smaller x", False)


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


@pytest.mark.parametrize(
    ("formula", "shown"), [("x" * 60 + "}", "x" * 60 + "…"), ("x  \n" * 29 + "y}", "x " * 29 + "y}"), ("\\q y}", "\\q y}")]
)
def test_a_long_bad_formula_is_quoted_up_to_60_signs(formula, shown):
    with pytest.raises(TexError, match=re.escape(f"формулу «{shown}» не разобрать: ")):
        mathml(formula, False)


@pytest.mark.parametrize("frame", ["{%s}", r"\left(%s\right)", r"\begin{matrix}%s\end{matrix}"])
def test_depth_is_of_nesting_not_of_length(frame):
    deep = "x"
    for _ in range(DEEPEST + 1):
        deep = frame % deep
    with pytest.raises(TexError, match=f"вложена глубже {DEEPEST} уровней"):
        mathml(deep, False)
    assert mathml((frame % "x") * (3 * DEEPEST), False)
    assert mathml("{" * DEEPEST + "x" + "}" * DEEPEST, False)


def test_a_tag_is_shown_beside_the_formula_and_an_empty_one_is_not():
    assert "(1)" in mathml(r"x\tag{1}", False) and "(" not in mathml(r"x\tag*{1}", False).partition("<annotation")[0]
    assert mathml(r"x\tag{}", False) == mathml("x", False)


def test_a_dollar_of_a_text_that_has_no_pair_is_said():
    for formula in (r"\text{5$}", r"\text{a $x$ b $y}"):
        with pytest.raises(TexError, match="не разобрать"):
            mathml(formula, False)


def test_a_formula_takes_its_bracket_and_its_punctuation_along_and_nothing_else():
    def tex(name):
        return f'<span class="arithmatex">\\({name}\\)</span>'

    x, y = mathml("x", False), mathml("y", False)
    assert replace_math(f"{tex('x')} и (") == f"{x} и ("
    assert replace_math(f"а («{tex('x')}», {tex('y')} б{tex('x')}-й ({tex('y')} (") == (
        f'а (<span class="unbroken">«{x}»,</span> {y} б<span class="unbroken">{x}-й</span> '
        f'<span class="unbroken">({y}</span> ('
    )
