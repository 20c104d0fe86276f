import io
import logging
import subprocess
import sys

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app.kit import logs
from app.kit.logs import redact

SAID = [
    ("https://api.telegram.org/bot123456789:AAH-canaryCanaryCanaryCanaryCanary00/getMe", "canaryCanary"),
    ("token 123456789:AAH-canaryCanaryCanaryCanaryCanary00 refused", "canaryCanary"),
    ("postgresql://kentongan:c4n4ry@db/kentongan", "c4n4ry"),
    ("smtps://kabar@kpu.example:c4n4ry@mail.example:465", "c4n4ry"),
    ("redis://:c4n4ry@127.0.0.1:6379/0", "c4n4ry"),
    ("Authorization: Basic YzRuNHJ5", "YzRuNHJ5"),
    ("Authorization: Bearer c4n4ry", "c4n4ry"),
    ('{"access_token": "c4n4ry", "a": 1}', "c4n4ry"),
    ("{'refresh_token': 'c4n4ry'}", "c4n4ry"),
    ("otpauth://totp/a?secret=C4N4RY&issuer=b", "C4N4RY"),
    ("/masuk/c4n4ryc4n4ryc4n4ryc4n4ry", "c4n4ryc4n4ry"),
    ("ktg_c4n4ry", "c4n4ry"),
    ("hash $argon2id$v=19$m=1,t=2$c4n4ry$c4n4ry", "c4n4ry"),
    ("GET /kembali?state=1&code=c4n4ry", "c4n4ry"),
]


@pytest.mark.parametrize(("said", "secret"), SAID)
def test_what_looks_like_a_secret_is_taken_out(said: str, secret: str) -> None:
    assert secret not in redact(said)
    assert "***" in redact(said)


@pytest.mark.parametrize(
    "said",
    [
        "pukul 12:30:45",
        "https://kpu.go.id/a?b=1",
        "32.71.04.1008",
        "user:12",
        "delivery:123456",
        "https://a.id:8443/b@c",
    ],
)
def test_innocent_words_stay(said: str) -> None:
    assert redact(said) == said


@given(st.text(max_size=200))
def test_any_text_can_be_redacted_and_twice_is_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


def _everything_logged(capsys: pytest.CaptureFixture[str], as_json: bool) -> str:
    logs.configure(level="DEBUG", as_json=as_json)
    try:
        bound = structlog.get_logger()
        try:
            raise ValueError("postgresql://a:c4n4ry@db")
        except ValueError as error:
            bound.error("broke", exc_info=error, nested={"x": ["Bearer c4n4ry"]}, other=Exception)
            logging.getLogger("lib").exception("password=c4n4ry")
        bound.warning("said", address="https://a:c4n4ry@b/", number=1)
        return capsys.readouterr().err
    finally:
        structlog.reset_defaults()


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "terminal"])
def test_nothing_gets_into_the_log_by_a_side_door(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    """Not through tracebacks, nested values, other libraries' loggers, or the view on a terminal."""
    said = _everything_logged(capsys, as_json)
    assert "broke" in said
    assert "ValueError" in said
    assert "c4n4ry" not in said


def test_the_search_would_find_it() -> None:
    out = io.StringIO()
    logging.StreamHandler(out).emit(logging.LogRecord("a", 40, "", 0, "Bearer c4n4ry", None, None))
    assert "c4n4ry" in out.getvalue()


def test_a_full_disk_under_the_log_ends_nothing() -> None:
    said = "from app.kit.logs import configure, logger; configure(); logger('x').warning('a'); import logging; logging.error('b'); print('on')"
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", said], stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert done.stdout == "on\n"
