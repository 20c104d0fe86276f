"""The table of what the simulator can be made to do names tests and faults that exist, and leaves no fault out."""

import re

from app.settings import ROOT
from simulator.faults import KINDS

_OF_ONE = {"bot_removed", "unaudited", "inbox_finished", "upload_cut", "slow"}
"""Faults of a single platform or call beside the twelve."""


def test_every_behaviour_names_a_test_and_faults_that_exist() -> None:
    table = (
        (ROOT / "docs" / "platforms.md").read_text().partition("### What it can be made to do")[2].partition("\n## ")[0]
    )
    rows = re.findall(r"^\| (\d+) \|.*$", table, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 13)]
    for line in table.splitlines():
        if re.match(r"\| \d+ \|", line):
            assert "::test_" in line, line
    for file, name in re.findall(r"`(tests/\S+?)::(\w+)`", table):
        assert re.search(rf"def {name}\(", (ROOT / file).read_text()), f"{file}::{name}"
    named = set(re.findall(r"`([a-z0-9_]+)`", table))
    assert set(KINDS) - named == _OF_ONE
