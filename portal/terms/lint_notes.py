"""The figures that a note repeats, beside the values: a note outlives the value that it was written for."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from text_to_num import alpha2digit

from portal.terms.finding import Finding
from portal.terms.shipped import TermsDocument
from portal.terms.values import Value
from portal.wording import N_, Sentence

Figure = tuple[str, Decimal]  # what is counted ("days", "months", "hours", "percent", "euros"), how many

# How a note writes each unit, and how many of what is counted that is.
_WRITTEN: Mapping[str, tuple[str, int]] = {
    "jour": ("days", 1),
    "mois": ("months", 1),
    "an": ("months", 12),
    "année": ("months", 12),
    "h": ("hours", 1),
    "heure": ("hours", 1),
    "%": ("percent", 1),
    "€": ("euros", 1),
}
_HELD: Mapping[str, tuple[str, Decimal]] = {
    "days": ("days", Decimal(1)),
    "business_days": ("days", Decimal(1)),
    "months": ("months", Decimal(1)),
    "years": ("months", Decimal(12)),
    "hours": ("hours", Decimal(1)),
    "business_hours": ("hours", Decimal(1)),
    "percent": ("percent", Decimal(1)),
    "basis_points": ("percent", Decimal("0.01")),
    "cents": ("euros", Decimal("0.01")),
}
_CODE = re.compile(r"\b([AL]\d+) ")
# A reference (003-17, 365/12, L221-18, 16/05/2026) is no figure, and the length of a day (« 8 h par jour »)
# is no delay.
_FIGURE = re.compile(
    r"(?<![\w./,-])(\d+(?:[   ]\d{3})*(?:,\d+)?)(?![\w./-]*[\d/])"
    r"(?:[   ]?(jour|mois|année|an|heure|h|%|€)s?(?!\w))?"
)
_LAW = re.compile(r"\bL\d+ :.*?(?=\b[AL]\d+ :|$)", re.DOTALL)
_LENGTH_OF_DAY = re.compile(r"\d+ (?:h|heures) par jour")
_ARTICLE = re.compile(r"\b(?:articles?|tableau|annexe) [\w.]+(?: et [\w.]+)?", re.IGNORECASE)


def figures_in(note: str) -> set[Figure]:
    """The delays, rates and amounts that a note says, in digits or in words; those of the law are left out.

    A number without a unit counts what the one before it in its sentence counted.
    """
    said: set[Figure] = set()
    for sentence in _LAW.sub("", note).split(". "):
        unit = ""
        digits = alpha2digit(_ARTICLE.sub("", sentence), "fr", threshold=0)
        for found in _FIGURE.finditer(_LENGTH_OF_DAY.sub("", digits)):
            unit = found.group(2) or unit
            if unit:
                counted, each = _WRITTEN[unit]
                number = re.sub(r"[   ]", "", found.group(1)).replace(",", ".")
                said.add((counted, Decimal(number) * each))
    return said


def _figure(value: Value) -> Figure | None:
    if value.unit not in _HELD:
        return None
    counted, each = _HELD[value.unit]
    return counted, Decimal(str(value.value)) * each


def contradicting_notes(document: TermsDocument) -> Iterator[Finding]:
    """Notes that say a figure of the same kind as their value's, and not the value itself."""
    for value in document.values.values():
        held = _figure(value)
        # « un mois » may be any month: one says nothing against the value
        alike = {each for each in figures_in(value.note) if held and each[0] == held[0] and each[1] != 1}
        if held and alike and held not in figures_in(value.note):
            yield _says(
                value,
                N_("La note de « %(noted)s » dit %(said)s ; la valeur est %(value)s."),
                said=", ".join(f"{number:f}" for _counted, number in sorted(alike)),
                value=value.value,
            )


def stale_notes(document: TermsDocument, previous: TermsDocument | None) -> Iterator[Finding]:
    """Notes on other values that settle the same point (« A7 ») and still say a figure that has changed."""
    for key, old in (previous.values if previous else {}).items():
        new = document.values.get(key)
        was, is_now = _figure(old), _figure(new) if new else None
        if new is None or was is None or was == is_now:
            continue
        points = set(_CODE.findall(f"{old.note} {new.note}"))
        for value in document.values.values():
            said = figures_in(value.note)
            told = value is not new and points & set(_CODE.findall(value.note)) and _figure(value) != was
            if told and was in said and is_now not in said:
                yield _says(
                    value,
                    N_("La note de « %(noted)s » dit encore %(said)s ; « %(key)s » vaut %(value)s."),
                    said=f"{was[1]:f}",
                    key=key,
                    value=new.value,
                )


def _says(noted: Value, template: str, **said: object) -> Finding:
    return Finding("", "note", (noted.clause,), Sentence(template, {"noted": noted.key, **said}))
