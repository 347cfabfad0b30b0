"""A number in a note is the number that the code printed."""

import pytest

from claims import check
from runner import Run

STDOUT = "p* = 0.585786\nJ* = -11.656854\nошибка = 3.2e-07\nпрогонов = 12000\nдоля = 97.5 %\n"
RUNS = {"pg": Run("pg", "", STDOUT, {}, None)}


@pytest.mark.parametrize(
    ("before", "label"),
    [
        ("равно 0,59", "p*"),
        ("равно $p^* = 0{,}586$", "p*"),
        ("равно **0.5858**", "p*"),
        ("J = −11,66", "J*"),
        ("J = -11,7", "J*"),
        ("ошибка 3,2·10⁻⁷", "ошибка"),
        ("за 12\u00a0000", "прогонов"),
        ("в 98\u00a0%", "доля"),
    ],
)
def test_a_number_rounded_from_the_printed_one_holds(before, label):
    assert check(before, f"pg: {label}", RUNS) is None


@pytest.mark.parametrize(
    ("before", "label"),
    [
        ("равно 0,58", "p*"),
        ("равно 0,5859", "p*"),
        ("J = 11,66", "J*"),
        ("ошибка 3,2·10⁻⁶", "ошибка"),
        ("за 1\u00a0200", "прогонов"),
        ("число потерялось", "p*"),
        ("равно 0,59", "нет такой"),
    ],
)
def test_a_number_that_moved_or_is_missing_is_a_problem(before, label):
    assert check(before, f"pg: {label}", RUNS)


@pytest.mark.parametrize("comment", ["просто комментарий", "test: test_name", "слово: дело"])
def test_any_other_comment_is_left_alone(comment):
    assert check("текст", comment, RUNS) is None
