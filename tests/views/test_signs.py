"""Circles and squares: each has one meaning, which the help explains."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from slack_limits import texts

from breakwater.model.ageing import BreakSeverity
from breakwater.views import help, severity

VIEWS = Path(help.__file__).parent
SHAPES = re.compile("[⚪⚫⬛⬜\U0001f534\U0001f535\U0001f7e0-\U0001f7eb]")


def test_every_circle_and_square_that_a_view_shows_is_explained() -> None:
    shown = {shape for path in VIEWS.glob("*.py") for shape in SHAPES.findall(path.read_text(encoding="utf-8"))}

    assert shown == {sign for sign, _ in help.SIGNS} | set(severity.SEVERITY_SIGN.values())


def test_no_sign_means_two_things() -> None:
    signs = [*(sign for sign, _ in help.SIGNS), *severity.SEVERITY_SIGN.values()]

    assert len(signs) == len(set(signs))
    assert set(severity.SEVERITY_SIGN) == set(BreakSeverity)


@pytest.mark.parametrize("command", help.HELP)
def test_the_help_of_every_command_explains_them(command: str) -> None:
    said = "\n".join(texts(list(help.command_help(command).blocks)))

    assert "🔴 needs somebody now" in said
    assert "🟧 high" in said
