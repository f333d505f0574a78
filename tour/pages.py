"""Every kind of page that a person reaches by links, one of each: for who looks at them or measures them."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urlsplit

_UID = re.compile(r"(?<=/)[a-z2-7]{16}(?=/|$)")
_NAMED = re.compile(
    r"(?<=/availability/)\d{4}-\d\d|(?<=/terms/)[^/]+|(?<=/guide/)[^/]+|(?<=/reactions/\*/)[^/]+"
)
_LINK = re.compile(r'<a\s[^>]*?href="([^"]+)"', re.S)
_NO_PAGE = re.compile(
    r"/(documents|logout|static)\b|\.(csv|xlsx|zip|pdf|xml|ics|json)$|/(evidence|rows|message)$"
)

Get = Callable[[str], str | None]  # the text of a page; None for what is none


def kind_of(address: str) -> str:
    """An address without the record that it names, and without what it asks for."""
    return _NAMED.sub("*", _UID.sub("*", urlsplit(address).path))


def one_of_each(get: Get, start: str = "/") -> Iterator[tuple[str, str]]:
    """Kinds of pages and an address of each, from this one on, in the order in which links name them."""
    waiting, known = [start], {kind_of(start)}
    while waiting:
        address = waiting.pop(0)
        text = get(address)
        if text is None:
            continue
        yield kind_of(address), address
        for link in map(unescape, _LINK.findall(text)):
            path = urlsplit(link)
            kind = kind_of(link)
            if (
                path.scheme
                or path.netloc
                or not link.startswith("/")
                or kind in known
                or _NO_PAGE.search(path.path)
            ):
                continue
            known.add(kind)
            waiting.append(link)
