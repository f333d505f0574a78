"""Which restores are simple, planned and billed, as pure functions."""

from datetime import date, datetime
from typing import Literal

from portal.desk.rules import price_day as price_day
from portal.desk.rules import work_cents as work_cents
from portal.errors import Refused
from portal.wording import N_

Kind = Literal["simple", "complex"]


def restore_kind(files: int, *, machine: bool = False, database: bool = False) -> Kind:
    """A restore of one file is simple; several files, a machine or a database make a complex one.

    files: files to restore; 0 for a whole machine or a database.
    Raises Refused when nothing is to be restored.

    Source: 002-09, 002-10, 004-10.
    """
    if machine or database:
        return "complex"
    if files < 1:
        raise Refused(N_("Dites au moins un fichier à restaurer."))
    return "simple" if files == 1 else "complex"


def check_may_start(
    kind: Kind,
    *,
    planned_on: date | None,
    technician: str,
    needs_quote: bool,
    quote_accepted_at: datetime | None,
) -> None:
    """A simple restore starts on request; a complex one is planned and has its technician.

    planned_on: Paris day, by urgency. needs_quote: was a quote sent? quote_accepted_at: in UTC.
    Raises Refused for what a complex restore lacks.

    Source: 002-09, 002-10, 004-10.
    """
    if kind == "simple":
        return
    if planned_on is None:
        raise Refused(N_("Une restauration complexe se planifie : donnez-lui un jour."))
    if not technician.strip():
        raise Refused(N_("Une restauration complexe demande un technicien dédié."))
    if needs_quote and quote_accepted_at is None:
        raise Refused(N_("Le client n'a pas encore accepté le devis de cette restauration."))


def check_may_close(
    kind: Kind, *, done_at: datetime | None, checked_with_customer_at: datetime | None
) -> None:
    """A complex restore ends once its result was checked with the customer.

    done_at, checked_with_customer_at: instants in UTC; None if it has not happened.
    Raises Refused before the work is done, or for a complex one that was not checked after it.

    Source: 002-10, 004-10.
    """
    if done_at is None:
        raise Refused(N_("Cette restauration n'est pas terminée."))
    if kind == "complex" and (checked_with_customer_at is None or checked_with_customer_at < done_at):
        raise Refused(N_("Vérifiez avec le client le résultat de cette restauration."))


def is_billable(cause: str, free_cause: str | None) -> bool | None:
    """Is a restore asked for this cause outside the plan, and billed? None where the contract is silent.

    cause: why the data must come back. free_cause: the one cause that the contract covers.

    Source: 002-08, 002-11, 002-13, 004-10.
    """
    return None if free_cause is None else cause != free_cause
