import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.addresses import is_public, is_public_name, read_public_url
from app.kit.errors import BadInput

ATTACKS = (
    "https://127.0.0.1/",
    "https://2130706433/",  # decimal
    "https://0x7f000001/",  # hex
    "https://0x7f.0.0.1/",
    "https://017700000001/",  # octal
    "https://127.1/",  # short
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",  # mapped
    "https://[64:ff9b::7f00:1]/",  # NAT64
    "https://[fd00:ec2::254]/",  # unique local
    "https://169.254.169.254/latest/meta-data/",  # metadata of a cloud
    "https://localhost/",
    "https://metadata.google.internal/",
    "https://redis/",  # a service's name inside a container network
)
TRICKS = (
    "http://contoh.id",
    "ftp://contoh.id",
    "file:///etc/passwd",
    "https://",
    "https://contoh.id@127.0.0.1/",
    "https://contoh.id\\@127.0.0.1/",
    "https://127.0.0.1\t.contoh.id/",
    "https://contoh.id /",
    "https://contoh.id:6379",
    "https://contoh.id:99999",
    "https://contoh.id/#a",
    "https://１２７.0.0.1/",
    "https://①27.0.0.1/",
    "https://contoh。local/",
    "https://localhost./",
    "https://a.localhost",
    "https://a..id",
    "https://-a.id",
    f"https://{'a' * 64}.id",
    f"https://contoh.id/{'a' * 500}",
    "https://[::1",
    "https://contoh.id\r\nHost: lain",
)


@pytest.mark.parametrize("url", ATTACKS + TRICKS)
def test_an_address_that_is_not_plainly_public_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        read_public_url(url)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://Mastodon.Social/", "https://mastodon.social"),
        ("  https://contoh.go.id:8443/kait?a=1 ", "https://contoh.go.id:8443/kait?a=1"),
        ("https://contoh.id./", "https://contoh.id"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
    ],
)
def test_a_public_name_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert read_public_url(typed) == kept


def test_a_test_may_name_its_own_machine() -> None:
    assert read_public_url("http://127.0.0.1:8099/a", allow_private=True) == "http://127.0.0.1:8099/a"
    with pytest.raises(BadInput):
        read_public_url("ftp://127.0.0.1", allow_private=True)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "192.0.0.8", "192.0.2.1", "192.168.0.1",
        "198.18.0.1", "224.0.0.1", "233.252.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "fc00::1", "fd00:ec2::254", "fe80::1%eth0", "fec0::1", "ff02::1",
        "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "localhost", "",
    ],
)  # fmt: skip
def test_what_is_not_surely_public_is_not_connected_to(host: str) -> None:
    assert not is_public(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "203.114.1.1", "2606:4700::1111", "2a00:1450::200e", "2400:cb00::1"])
def test_a_public_server_is_connected_to(host: str) -> None:
    assert is_public(host)


@given(st.text(max_size=60))
def test_no_text_gets_a_host_past_that_is_no_public_name(text: str) -> None:
    try:
        kept = read_public_url(f"https://{text}")
    except BadInput:
        return
    host = kept.removeprefix("https://").partition("/")[0].partition("?")[0].partition(":")[0]
    assert is_public_name(host)
    assert read_public_url(kept) == kept
