import pytest

from app.kit.versions import names


@pytest.mark.parametrize(
    ("header", "is_named"),
    [
        ('"75-2"', True),
        ('W/"75-2"', True),
        ('"75-1", "75-2"', True),
        ("*", True),
        (' "75-2" ', True),
        ('"75-1"', False),
        ('"75-22"', False),
        ("75-2", False),
        ("", False),
        ('"*"', False),
    ],
)
def test_a_version_is_named_whole_or_by_a_star(header: str, is_named: bool) -> None:
    assert names(header, '"75-2"') is is_named
