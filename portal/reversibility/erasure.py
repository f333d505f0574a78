"""The order to erase a vault: who may give it, and how long it can be taken back."""

from datetime import timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import is_same_person
from portal.actor import Actor
from portal.answers.rules import handover as rules
from portal.backups.anomalies import holds_erasure
from portal.custody.models import accesses_of
from portal.db import db
from portal.engine.models import Vault
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.restore_requests.models import RestoreRequest, RestoreState
from portal.reversibility.case_terms import CaseTerms
from portal.reversibility.sole_use import refuse_order, refuse_work
from portal.reversibility.states import CaseState
from portal.stateful import Stateful
from portal.wording import N_

C = CaseState


def cooling_off() -> timedelta:
    """How long an ordered erasure waits: it is the one thing here that nobody can undo."""
    return timedelta(hours=int(current_app.config["ERASE_COOLING_HOURS"]))


class ErasureOrder(CaseTerms, Stateful):
    """Part of a case: one person orders the erasure, two for a large vault; it begins after the delay."""

    vault: Any
    customer: Any
    erase_now: Any
    erase_from: Any
    task_kind: Any
    task_ref: Any
    first_released_by_id: Any
    first_released_by: str
    released_by: str
    write_to_customer: Any

    @property
    def needs_two(self) -> bool:
        """Is the vault too large for one person to have it erased? One of unknown size is."""
        limit = int(current_app.config["ERASE_ALONE_BYTES"])
        return self.vault.bytes_stored is None or self.vault.bytes_stored > limit

    def may_release(self) -> bool:
        """May the erasure be ordered, so that it begins on the day of the contract or later?"""
        fact = self.erasure
        return rules.may_erase(
            clock.paris_day(clock.now() + cooling_off()),
            accepted=self.state == C.ACCEPTED,
            asked_now=bool(self.erase_now),
            held_until_on=fact.value if fact else None,
        )

    def release(self, *, by: Actor) -> None:
        """The operator orders the erasure, for a large vault a second one; reading ends at once."""
        if self.state == C.ACCEPTED and not self.may_release():
            raise Refused(
                _("L'effacement est retenu : ni la date du contrat ni le client ne le permettent encore.")
            )
        if self.state == C.ACCEPTED and _restoring(self.vault):
            raise Refused(_("Une restauration est en cours dans ce coffre : terminez-la d'abord."))
        if self.state == C.ACCEPTED and holds_erasure(self.vault):
            raise Refused(_("Une sauvegarde anormale n'a pas encore été regardée : regardez-la d'abord."))
        if self.state == C.ACCEPTED:
            refuse_order(self.vault)
        if self.needs_two and self.first_released_by_id is None:
            self._take("release_first", by=by)
            self.first_released_by_id, self.first_released_by = by.id, by.label
            return
        if self.needs_two and is_same_person(by, self.first_released_by_id):
            raise Refused(_("Vous avez demandé cet effacement : une deuxième personne doit l'ordonner."))
        if delay := cooling_off():
            self.erase_from = clock.now() + delay
            self._take("order", by=by, erase_from=self.erase_from.isoformat())
            self.write_to_customer("mails/erasure_ordered.txt")
        else:
            self._take("release", by=by)
            self._start()
        self.released_by = by.label
        self._end_reading(by)

    def recall(self, *, by: Actor) -> None:
        """Take the order back while nothing is destroyed; it has to be given again by everybody."""
        self._take("recall", by=by)
        self.erase_from = self.first_released_by_id = None
        self.first_released_by = self.released_by = ""

    def begin(self, *, by: Actor) -> None:
        """The delay is over: from now on nothing can stop the erasure. A restore that runs is waited for."""
        if self.erase_from is None or clock.now() < self.erase_from or _restoring(self.vault):
            return
        self._take("begin", by=by)
        self._end_reading(by)
        self._start()

    def check_work(self) -> None:
        """Nothing else may use the repository once it is being destroyed.

        Raises Refused while it is another vault too, jobs.Later while somebody restores from it.
        """
        refuse_work(self.vault)
        if _restoring(self.vault):
            raise jobs.Later(N_("Une restauration est en cours dans ce coffre."))
        self._end_reading(SYSTEM)

    def _end_reading(self, by: Actor) -> None:
        for access in accesses_of(self.vault):
            if access.can_be_revoked:
                access.revoke(by=by)

    def _start(self) -> None:
        jobs.enqueue(self.task_kind, self.task_ref, self.customer.organisation)


def _restoring(vault: Vault) -> bool:
    busy = (RestoreState.LISTING, RestoreState.BROWSING, RestoreState.RESTORING)
    query = select(RestoreRequest.id).where(RestoreRequest.vault_id == vault.id)
    return db.session.scalar(query.where(RestoreRequest.state.in_(busy)).limit(1)) is not None
