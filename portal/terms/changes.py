"""What a new version of a document changes, value by value, as pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from portal.terms.values import Value


@dataclass(frozen=True)
class Change:
    """One key that two versions do not treat alike; None on the side that does not speak of it."""

    key: str
    before: Value | None
    after: Value | None

    @property
    def what(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def is_only_note(self) -> bool:
        """Does the contract say the same, and only our remark about it differ?"""
        return self.before is not None and self.after is not None and _said(self.before) == _said(self.after)


def _said(value: Value) -> tuple[object, ...]:
    return (value.unit, value.value, value.clause, value.article)


def changes_between(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[Change]:
    """The keys that were added, removed or changed, in the order of their names."""
    found = [Change(key, before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys())]
    return [one for one in found if one.before is None or one.after is None or _differ(one.before, one.after)]


def _differ(before: Value, after: Value) -> bool:
    return (*_said(before), before.note) != (*_said(after), after.note)


def grouped(values: Mapping[str, Value]) -> list[tuple[str, list[Value]]]:
    """Values by the first part of their key, each group and its values in the order of their names."""
    ordered = sorted(values.values(), key=lambda value: value.key)
    return [(name, list(group)) for name, group in groupby(ordered, lambda value: value.key.split(".")[0])]
