"""What follows from each reason of a return, as a table that a creditor may change."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from portal.deadlines import add_target_days
from portal.errors import Refused
from portal.wording import N_

_FILE = Path(__file__).parent / "reactions.toml"
MANDATE = ("keep", "hold", "suspend", "stop")
DEBTOR = ("nothing", "account", "unpaid", "contact")


@dataclass(frozen=True)
class Reaction:
    """What is done about a debit that came back. ``after`` counts TARGET days."""

    retries: int = 0
    after: int = 5
    mandate: str = "keep"
    debtor: str = "nothing"
    people: bool = False
    stops: bool = False
    new_account: bool = False

    @property
    def ends_with_new_account(self) -> bool:
        """Is the mandate suspended for its account alone, so that another account settles the matter?"""
        return self.mandate == "suspend" and (self.debtor == "account" or self.new_account)

    @property
    def name(self) -> str:
        """One word for a report: the strongest thing that is done."""
        if self.stops:
            return "stop_batches"
        if self.mandate == "stop":
            return "stop_mandate"
        if self.retries:
            return "retry"
        if self.mandate in ("suspend", "hold"):
            return f"{self.mandate}_mandate"
        return "people" if self.people else "book"


UNKNOWN = Reaction(mandate="hold", people=True)  # never ignored in silence


def make_reaction(values: Mapping[str, Any]) -> Reaction:
    """Check a row of the table; raises Refused naming what is wrong."""
    known = {each.name for each in fields(Reaction)}
    if unknown := sorted(set(values) - known):
        raise Refused(N_("Réaction : « %(name)s » est inconnu."), name=unknown[0])
    reaction = Reaction(**values)
    if reaction.mandate not in MANDATE or reaction.debtor not in DEBTOR:
        raise Refused(N_("Réaction : ce choix n'existe pas."))
    if not 0 <= reaction.retries <= 2 or not 1 <= reaction.after <= 60:
        raise Refused(N_("Réaction : deux nouvelles présentations au plus, de 1 à 60 jours après."))
    return reaction


@cache
def default_reactions() -> Mapping[str, Reaction]:
    """The table that ships with the portal."""
    rows = tomllib.loads(_FILE.read_text())["reaction"]
    return {code: make_reaction(values) for code, values in rows.items()}


def reaction_for(code: str, own: Mapping[str, Reaction]) -> Reaction:
    """The creditor's own reaction, else the default one; an unknown reason goes to people.

    Source: EPC173-14 (reason codes); the reactions are the creditor's policy.
    """
    return own.get(code) or default_reactions().get(code, UNKNOWN)


def ends_with_new_account(code: str, own: Mapping[str, Reaction]) -> bool:
    """Does a new account settle this reason, by the portal's table or by the creditor's own?"""
    return any(reaction_for(code, table).ends_with_new_account for table in ({}, own))


def retry_on(reaction: Reaction, returned_on: date, attempts: int) -> date | None:
    """First day on which the debt may be presented again; None when it may not.

    attempts: presentations so far, the first included.
    """
    if attempts > reaction.retries:
        return None
    return add_target_days(returned_on, reaction.after)
