"""The evidence of a signature, one hash-chained row per event (dossier de preuve)."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Tenant, db
from portal.evidence import Link
from portal.wording import N_


class What(StrEnum):
    """What happened, in the words that the evidence file prints."""

    LINK_CREATED = N_("lien créé")
    MAIL_QUEUED = N_("e-mail mis en file")
    OPENED = N_("page ouverte")
    ACCOUNT_ENTERED = N_("IBAN saisi")
    TEXT_SHOWN = N_("texte présenté et accepté")
    CODE_SENT = N_("code envoyé")
    CODE_TRIED = N_("code essayé")
    SIGNED = N_("signé")
    REFUSED = N_("refusé")
    DELEGATED = N_("transmis à une autre personne")
    REMINDED = N_("rappel envoyé")
    PAPER_ENTERED = N_("papier signé saisi")
    PAPER_RETURNED = N_("papier signé renvoyé")
    PAPER_SIGNED = N_("signé sur papier")
    IMPORTED = N_("repris d'un autre système")
    ACCOUNT_ASKED = N_("nouveau compte demandé")
    ACCOUNT_CONFIRMED = N_("nouveau compte confirmé")
    ACCOUNT_APPLIED = N_("nouveau compte appliqué")
    ACCOUNT_WITHDRAWN = N_("changement de compte abandonné")


class MandateEvent(Tenant, db.Model):
    """One link of the chain. Never changed, never deleted; holds no full IBAN and no code."""

    __tablename__ = "mandate_event"
    __table_args__ = (UniqueConstraint("mandate_id", "seq"),)

    mandate_id: Mapped[int] = mapped_column(ForeignKey("mandate.id"))
    seq: Mapped[int]  # 1, 2, 3... within the mandate
    event: Mapped[dict[str, Any]] = mapped_column(JSON)  # plain text and whole numbers only
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    @property
    def link(self) -> Link:
        return Link(self.event, self.previous_hash, self.hash)
