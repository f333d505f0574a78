"""Elements of a bank's message as texts by path, whatever their namespace; amounts, days, references."""

import re
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from lxml import etree

from portal.errors import Refused
from portal.wording import N_

Fields = dict[str, str]

_PARIS = ZoneInfo("Europe/Paris")
_NOT_GIVEN = {"", "NOTPROVIDED", "NONREF", "NOTAVAILABLE", "NONE", "N/A"}
_SPACES = re.compile(r"\s+")
_AMOUNT = re.compile(r"\+?([0-9]{1,18}(\.[0-9]{0,5})?|\.[0-9]{1,5})")
_FOREIGN = re.compile(r"([A-Z]{3}) ")


class BankFileError(Refused):
    """A bank file that cannot be read; nothing of it may be kept."""


def name_of(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def fields_of(element: etree._Element, *, without: str = "") -> Fields:
    """Texts below an element by their path; the first one of a path wins. without: a child to leave out."""
    found = Fields()
    for child in element:
        if not without or name_of(child) != without:
            _flatten(child, "", found)
    return found


def _flatten(element: etree._Element, path: str, found: Fields) -> None:
    path += str(element.tag).rpartition("}")[2]
    text = element.text
    if len(element):
        for child in element:
            _flatten(child, path + "/", found)
    elif text and path not in found:
        currency = element.get("Ccy")
        found[path] = f"{currency} {text.strip()}" if currency not in (None, "EUR") else text.strip()


def forget(element: etree._Element) -> None:
    """Free an element that was read and those before it."""
    parent, before = element.getparent(), element.getprevious()
    element.clear()
    if parent is not None and before is not None and before.tag == element.tag:
        parent.remove(before)


def given(identifier: str) -> str:
    """A reference, or nothing where the bank says in its place that it has none."""
    return "" if _SPACES.sub("", identifier).upper() in _NOT_GIVEN else identifier


def account_of(iban: str) -> str:
    """An IBAN as it is compared: no spaces, capitals."""
    return _SPACES.sub("", iban).upper()


def foreign(amount: str) -> bool:
    """Is an amount, as :func:`fields_of` gives it, in another currency than the euro?"""
    return _FOREIGN.match(amount) is not None


def cents(amount: str | None) -> int | None:
    """Cents of an amount in euros as the file writes it; None without one, or in another currency.

    Raises BankFileError for what is no amount: then nothing of the file can be trusted.
    """
    if not amount or foreign(amount):
        return None
    value = Decimal(amount) * 100 if _AMOUNT.fullmatch(amount) else Decimal(-1)
    if value != value.to_integral_value() or not 0 <= value < 10**14:
        raise BankFileError(N_("Montant illisible, ou pas en euros : « %(text)s »."), text=amount[:30])
    return int(value)


def day_of(text: str) -> date | None:
    """The Paris day of a date or of an instant; an instant without a zone is one of Paris."""
    try:
        if "T" not in text:
            return date.fromisoformat(text[:10])  # a date may carry a zone, which moves nothing
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.date() if at.tzinfo is None else at.astimezone(_PARIS).date()
