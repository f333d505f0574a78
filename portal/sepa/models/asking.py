"""Asking for a signature: the link that leaves by mail, sent again, or passed on to who may sign."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.actor import Actor
from portal.customers.models import ContactRole
from portal.db import db
from portal.errors import Refused
from portal.links import Purpose, SignedLink, make_link, mask_email
from portal.mail import link as public_link
from portal.mail import queue_mail
from portal.sepa.models.event import What

LINK_DAYS = 14
_MAX_DELEGATIONS = 3  # nobody sends mails to the whole world through one link


@dataclass(frozen=True, slots=True)
class Delegate:
    """The person who may sign, as the one who got the link names her."""

    name: str
    role: str
    email: str


class Asked:
    """How a mandate reaches the person who signs it."""

    signer_name: Mapped[str | None] = mapped_column(String(70))
    signer_role: Mapped[str | None] = mapped_column(String(70))
    signer_email: Mapped[str | None] = mapped_column(String(254))  # got the code

    @property
    def link(self: Any) -> SignedLink | None:
        """The last link sent."""
        query = select(SignedLink).where(SignedLink.subject_uid == self.uid)
        query = query.where(SignedLink.purpose == Purpose.SIGN_MANDATE)
        return db.session.scalars(query.order_by(SignedLink.id.desc()).limit(1)).first()

    def send(self: Any, *, by: Actor) -> str:
        """Hand the link to the signatory; answers its token, which is stored nowhere."""
        self._take("send", by=by)
        return self._send_link(by)

    def resend(self: Any, *, by: Actor) -> str:
        """A new link to the present signatory; the former one stops working."""
        self._take("resend", by=by)
        return self._send_link(by)

    def check_delegation(self: Any, to: Delegate, *, sender: str) -> None:
        """Raises Refused for the holder's own address, and after three times."""
        if to.email == sender:
            raise Refused(_("C'est déjà votre adresse : signez vous-même."), field="email")
        if sum(row.event["what"] == What.DELEGATED for row in self.events) >= _MAX_DELEGATIONS:
            raise Refused(_("Cette demande a déjà été transmise trois fois : signez, ou refusez."))

    def delegate(self: Any, to: Delegate, *, sender: str, by: Actor, visitor: dict[str, str]) -> str:
        """A link to the person who may sign, in the place of ``sender``, whose link stops working.

        Whoever was asked before, and who gets the invoices, are told to whom it went.
        """
        self.check_delegation(to, sender=sender)
        self._take("delegate", by=by, person=to.name, role=to.role)
        mandate: Any = self
        mandate.signer_name = mandate.signer_role = mandate.signer_email = None
        self.note(
            What.DELEGATED,
            visitor,
            sender=mask_email(sender),
            to=mask_email(to.email),
            name=to.name,
            role=to.role,
        )
        self._tell_delegated(to, sender)
        return self._send_link(by, to, sender)

    def _tell_delegated(self: Any, to: Delegate, sender: str) -> None:
        contacts = (self.customer.contact(role) for role in (ContactRole.SIGNATORY, ContactRole.BILLING))
        told = dict.fromkeys([sender, *(contact.email for contact in contacts)])
        for address in told:
            if address != to.email:
                queue_mail(
                    self.customer.person_at(address),
                    "sepa/mail_delegated.txt",
                    about=self,
                    owner=self.customer.organisation,
                    language=self.language,
                    mandate=self,
                    entity=self.legal_entity,
                    delegate=to,
                    address=mask_email(to.email),
                    sender=mask_email(sender),
                )

    def _send_link(self: Any, by: Actor, delegate: Delegate | None = None, sender: str = "") -> str:
        contact = delegate or self.customer.contact(ContactRole.SIGNATORY)
        link, token = make_link(
            Purpose.SIGN_MANDATE,
            self,
            owner=self.customer.organisation,
            recipient=contact.email,
            days=LINK_DAYS,
        )
        expires = link.expires_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        self.note(What.LINK_CREATED, by=by.label, token_sha256=link.token_hash, expires=expires)
        mail = queue_mail(
            contact,
            "sepa/mail_sign.txt",
            about=self,
            owner=self.customer.organisation,
            language=self.language,
            urgent=True,
            mandate=self,
            entity=self.legal_entity,
            contact=contact,
            sender=sender,
            url=public_link(f"/sign/{token}"),
            last_day=clock.today() + timedelta(days=LINK_DAYS),
        )
        self.note(What.MAIL_QUEUED, to=mask_email(contact.email), message_id=mail.message_id)
        return token
