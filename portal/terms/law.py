"""Contract and law side by side: which of the two counts; where neither speaks, nothing is invented."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Literal

from portal.terms.stack import Stack
from portal.terms.statute import Statute
from portal.terms.statutes import RULES
from portal.terms.values import Value

SWITCH_EXEMPT = "switch.exempt"  # set by a signed amendment: custom-built services

# Where the law leaves room, a document says how much: (key of the law, customer) -> key of the setting.
_SETTINGS = {("invoice.due_days", "public_body"): "invoice.public_due_days"}
_PARTS = re.compile(r"(?=\b[AL]\d{1,2} : )")


@dataclass(frozen=True, slots=True)
class Applied:
    """A contract's value and the law's, and which of the two counts."""

    value: Any
    by: Literal["contract", "law", "silent"]
    contract: Value | None
    law: Statute | None

    @property
    def clause(self) -> str:
        """Id of the clause or statute that counts; empty where both are silent."""
        if self.by == "law" and self.law:
            return self.law.id
        return self.contract.clause if self.contract else ""


@cache
def _by_key() -> Mapping[str, tuple[Statute, ...]]:
    found: dict[str, tuple[Statute, ...]] = {}
    for rule in RULES:
        found[rule.key] = (*found.get(rule.key, ()), rule)
    return found


def statute_for(key: str, *, on: date, customer: str, reason: str = "none") -> Statute | None:
    """The rule of law for a key on a day, for a kind of customer and a reason to leave; None where silent."""
    for rule in _by_key().get(key, ()):
        if rule.holds(on, customer, reason):
            return rule
    return None


def applied(stack: Stack, key: str, *, on: date, customer: str, reason: str = "none") -> Applied:
    """Contract and law side by side for one key, on a day.

    customer: "business", "consumer", "non_professional" or "public_body". reason: why the customer leaves.
    A contract that a signed amendment exempts (``switch.exempt``) is not touched by the switching rules.

    Source: L1 to L13.
    """
    value = stack.find(key)
    law = statute_for(key, on=on, customer=customer, reason=reason)
    exempt = stack.find(SWITCH_EXEMPT)
    if law is not None and law.id == "L5" and exempt is not None and exempt.value:
        law = None
    if law is None:
        return Applied(value and value.value, "contract" if value else "silent", value, None)
    setting = stack.find(_SETTINGS.get((key, customer), ""))
    if setting is not None:
        law = replace(law, value=setting.value)
    if value is not None and respects(value.value, law):
        return Applied(value.value, "contract", value, law)
    struck = value is not None and law.instead is not None
    return Applied(law.instead if struck else law.value, "law", value, law)


def respects(value: Any, law: Statute) -> bool:
    """Does a contract's value already give what the law asks for?"""
    if law.effect == "default":
        return True
    if law.effect == "at_least":
        return bool(value >= law.value)
    if law.effect == "at_most":
        return bool(value <= law.value)
    return law.effect == "replaces" and bool(value == law.value)


def statutes_over(stack: Stack, *, on: date, customer: str, reason: str = "none") -> list[Applied]:
    """Every key of the contract that the law overrides for this customer, for the screen of both."""
    answers = [applied(stack, key, on=on, customer=customer, reason=reason) for key in _by_key()]
    return [each for each in answers if each.law is not None]


def parts_for(note: str, customer: str, reasons: Collection[str] = ("none",)) -> list[str]:
    """The parts of a contract value's note that concern this customer and these reasons to leave.

    A part begins with its code. What begins with that of a statute speaks to those whom the statute protects.
    """
    return [part for part in parts_of(note) if _speaks(part, customer, reasons)]


def parts_of(note: str) -> list[str]:
    """The remarks that a contract value's note is made of, each with its code."""
    return [part.strip() for part in _PARTS.split(note) if part.strip()]


def _speaks(part: str, customer: str, reasons: Collection[str]) -> bool:
    code = part.partition(" ")[0]
    rules = [rule for rule in RULES if rule.id == code]
    return not rules or any(
        customer in rule.customers and (not rule.reasons or bool(rule.reasons & set(reasons)))
        for rule in rules
    )
