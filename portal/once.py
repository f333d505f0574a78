"""What stays the same while a block of work lasts is looked up once."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from portal.db import db

_KEPT = "looked_up_once"
T = TypeVar("T")


@contextmanager
def looking_up_once() -> Iterator[None]:
    """Inside the block, which one transaction encloses, :func:`once` remembers; a block inside shares it."""
    if _KEPT in db.session.info:
        yield
        return
    db.session.info[_KEPT] = {}
    try:
        yield
    finally:
        del db.session.info[_KEPT]


def once(key: Hashable, look_up: Callable[[], T]) -> T:
    """What ``look_up`` answers; inside :func:`looking_up_once` the first answer for the key."""
    kept: dict[Hashable, Any] | None = db.session.info.get(_KEPT)
    if kept is None:
        return look_up()
    if key not in kept:
        kept[key] = look_up()
    answer: T = kept[key]
    return answer


def unknown(keys: Iterable[T]) -> list[T]:
    """Those of these keys that nothing is remembered of, each once."""
    kept: dict[Hashable, Any] = db.session.info.get(_KEPT) or {}
    return [key for key in dict.fromkeys(keys) if key not in kept]


def known_beforehand(answers: Mapping[Hashable, Any]) -> None:
    """Answers for many keys that were looked up in one query; outside the block nothing is kept."""
    kept: dict[Hashable, Any] | None = db.session.info.get(_KEPT)
    if kept is not None:
        kept.update(answers)
