"""Two spellings of one place are one place; two places are two."""

from pathlib import Path

import pytest

from portal.engine.errors import EngineError
from portal.engine.place import resolved, server_of, with_user


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rest:http://h/x/", "rest:http://H/x"),
        ("rest:http://h/x/", "rest:http://user:secret@h:80/x/"),
        ("rest:https://h/x", "rest:https://h:443//x/"),
        ("rest:https://h/x", "rest:http://h/x"),
        ("rest:http://h/a/../x", "rest:http://h./%78/"),
        ("rest:http://h/x?a=1", "rest:http://h/x#b"),
        ("rest:http://127.1:8000/x", "rest:http://127.0.0.1:8000/x"),
        ("rest:http://[::ffff:10.0.0.1]/x", "rest:http://10.0.0.1/x"),
        ("rest:http://é.example/x", "rest:http://xn--9ca.example/x"),
        ("s3:https://host/bucket", "s3:host/bucket"),
        ("s3:https://host/bucket", "s3://HOST:443/bucket/"),
        ("s3:host/bucket/a%20b", "s3:host/bucket/a b/"),
        ("s3:host/bucket/./a//b", "s3:host/bucket/a/b"),
    ],
)
def test_one_place_has_one_name(one: str, other: str) -> None:
    assert resolved(one) == resolved(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rest:http://h/x", "rest:http://h/y"),
        ("rest:http://h/x", "rest:http://h/X"),
        ("rest:http://h/x", "rest:http://h:8000/x"),
        ("rest:http://h/x", "rest:http://h2/x"),
        ("s3:host/bucket/a", "s3:host/bucket/b"),
        ("s3:host/bucket", "rest:https://host/bucket"),
        ("/srv/a", "/srv/b"),
    ],
)
def test_two_places_have_two_names(one: str, other: str) -> None:
    assert resolved(one) != resolved(other)


def test_a_folder_is_named_by_where_it_really_lies(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    spellings = ("real", "real/", "./real", "real/../real", "link", "link/.")
    assert len({resolved(f"{tmp_path}/{one}") for one in spellings}) == 1
    assert resolved(f"/{tmp_path}/real") == resolved(f"{tmp_path}/real")


def test_no_credentials_are_in_a_name() -> None:
    assert "secret" not in resolved("rest:http://user:secret@h/x")


@pytest.mark.parametrize(
    "location",
    ["rest:file:///etc/passwd", "rest:ftp://h/", "rest:h/x", "s3:http://h", "s3:nothing", "s3:https://u:p@h/b",
     "rest:http://h:port/x", "rest:unix:///run/x", "rest:http:///x"],
)  # fmt: skip
def test_an_address_that_nobody_serves_has_none(location: str) -> None:
    with pytest.raises(EngineError, match="unsupported"):
        resolved(location)


def test_the_server_of_an_address() -> None:
    assert server_of("rest:http://u:p@H.example:8000/x") == ("h.example", 8000, 80)
    assert server_of("rest:https://h/x") == ("h", 443, 443)
    assert server_of("s3:h/b") == ("h", 443, 443)
    assert server_of("/srv/x") is None


def test_a_user_goes_into_an_address_that_has_none() -> None:
    assert with_user("rest:http://h:8/x", "a@b", "p/w:é") == "rest:http://a%40b:p%2Fw%3A%C3%A9@h:8/x"
    assert with_user("rest:http://u:p@h/x", "other", "one") == "rest:http://u:p@h/x"
    assert with_user("rest:http://h/x", "", "") == "rest:http://h/x"
    assert with_user("/srv/x", "a", "b") == "/srv/x"
    assert with_user("s3:h/b", "a", "b") == "s3:h/b"
