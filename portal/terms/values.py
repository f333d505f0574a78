"""A contract's value, with its unit, its clause and where it was found."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.errors import Refused
from portal.terms.vocabulary import KEYS, near
from portal.wording import N_

_CLAUSE = re.compile(r"\d{3}-\d{2,3}").fullmatch
_FIELDS = {"unit", "value", "clause", "article", "note"}
_HIGHEST = {
    "days": 3660,
    "business_days": 260,
    "weeks": 520,
    "months": 600,
    "years": 100,
    "hours": 8784,
    "business_hours": 2000,
    "minutes": 10_080,
    "cents": 10**12,
    "count": 10**6,
    "basis_points": 10_000,
}


class TermsError(Refused):
    """A contract document that cannot be executed; the sentence names the file, the key and the article."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a contract. ``unit`` says what the number counts; amounts are integer cents."""

    key: str
    unit: str
    value: Any
    clause: str
    article: str
    document: str
    note: str = ""
    overrode: tuple["Value", ...] = ()

    @property
    def clauses(self) -> tuple[str, ...]:
        """This value's clause, then those that it overrode."""
        return (self.clause, *(other.clause for other in self.overrode))

    @property
    def reference(self) -> str:
        """Clause and article, as printed on screens; for a signed amendment, its name."""
        if self.article == self.document:
            return f"{self.document} ({self.clause})" if self.clause else self.document
        return f"{self.clause}, art. {self.article}"

    def over(self, others: tuple["Value", ...]) -> "Value":
        return replace(self, overrode=others) if others else self


def read_values(file: str, document: str, raw: Mapping[str, Any]) -> dict[str, Value]:
    """The values of one document, each checked; raises TermsError at the first fault."""
    return {key: read_value(file, document, key, body) for key, body in raw.items()}


def read_value(file: str, document: str, key: str, body: Any) -> Value:
    """Check one value: known key, known fields, its unit, its range, a clause of this document.

    Raises TermsError with a sentence that names file, key and article.
    """
    if not isinstance(body, dict):
        raise TermsError(
            N_("%(file)s, %(key)s : une valeur s'écrit avec unité, clause et article."), file=file, key=key
        )
    where = {"file": file, "key": key, "article": body.get("article", "?")}
    _known(where, key, body)
    entry = KEYS[key]
    if body.get("unit") != entry.unit:
        raise TermsError(
            N_("%(file)s, %(key)s (article %(article)s) : l'unité est « %(unit)s », pas « %(found)s »."),
            unit=entry.unit,
            found=body.get("unit"),
            **where,
        )
    checked = _checked(where, key, body.get("value"))
    clause = body.get("clause", "")
    if not _CLAUSE(str(clause)) or not clause.startswith(document):
        raise TermsError(
            N_("%(file)s, %(key)s (article %(article)s) : la clause %(clause)r n'est pas de ce document."),
            clause=clause,
            **where,
        )
    return Value(
        key, entry.unit, checked, clause, str(body.get("article", "")), document, str(body.get("note", ""))
    )


def amended_value(label: str, key: str, value: Any, over: str = "", article: str = "") -> Value:
    """Check one value of a signed amendment, which stands for its own article.

    label: name of the amendment. over: clause that it overrides, empty where the contract was silent.
    article: where that clause is, for the sentences.
    Raises TermsError with a sentence that names label, key and article.

    Source: 004-02.
    """
    where = {"file": label, "key": key, "article": article or label}
    if key not in KEYS:
        raise _unknown(where, key)
    return Value(key, KEYS[key].unit, _checked(where, key, value), over, label, label)


def as_json(value: Any) -> Any:
    """A checked value in JSON's own types."""
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, (bool, int, str)) else str(value)


def from_json(key: str, kept: Any) -> Any:
    """What :func:`as_json` kept, as a document would write it; as it stands for a key that is not known."""
    return date.fromisoformat(kept) if key in KEYS and KEYS[key].unit == "date" else kept


def _checked(where: dict[str, Any], key: str, value: Any) -> Any:
    """The value as the portal computes with it: of its unit's type, one of its choices, in its range."""
    entry = KEYS[key]
    checked = _typed(entry.unit, value)
    if checked is None:
        raise TermsError(
            N_("%(file)s, %(key)s (article %(article)s) : la valeur %(value)r n'est pas « %(unit)s »."),
            value=value,
            unit=entry.unit,
            **where,
        )
    if entry.choices and not set(checked if isinstance(checked, tuple) else (checked,)) <= entry.choices:
        raise TermsError(
            N_("%(file)s, %(key)s (article %(article)s) : %(value)r n'est pas un des choix %(choices)s."),
            value=value,
            choices=", ".join(sorted(entry.choices)),
            **where,
        )
    if not _within(entry.unit, checked):
        raise TermsError(
            N_("%(file)s, %(key)s (article %(article)s) : %(value)s est hors des limites de « %(unit)s »."),
            value=value,
            unit=entry.unit,
            **where,
        )
    return checked


def _unknown(where: dict[str, Any], key: str) -> TermsError:
    return TermsError(
        N_("%(file)s, %(key)s (article %(article)s) : clé inconnue ; vouliez-vous « %(near)s » ?"),
        near=near(key),
        **where,
    )


def _known(where: dict[str, Any], key: str, body: Mapping[str, Any]) -> None:
    if key not in KEYS:
        raise _unknown(where, key)
    unknown = sorted(set(body) - _FIELDS)
    if unknown:
        raise TermsError(
            N_("%(file)s, %(key)s (article %(article)s) : champ inconnu « %(field_name)s »."),
            field_name=unknown[0],
            **where,
        )
    missing = sorted({"unit", "value", "clause", "article"} - set(body))
    if missing:
        raise TermsError(
            N_("%(file)s, %(key)s (article %(article)s) : il manque « %(field_name)s »."),
            field_name=missing[0],
            **where,
        )


def _typed(unit: str, value: Any) -> Any:
    """The value as the portal computes with it; None when it is not of its unit's type."""
    if unit == "percent":
        try:
            return Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            return None
    if unit == "list":
        ok = isinstance(value, list) and value and all(isinstance(each, str) for each in value)
        return tuple(value) if ok else None
    wanted: type = {"flag": bool, "choice": str, "text": str, "date": date}.get(unit, int)
    return value if type(value) is wanted else None


def _within(unit: str, value: Any) -> bool:
    if unit == "percent":
        return bool(0 <= value <= 100)
    highest = _HIGHEST.get(unit)
    return highest is None or 0 <= int(value) <= highest
