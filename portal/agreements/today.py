"""What waits about agreements on data: to send, refused, or sent and not signed."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.agreements.models import AgreementState, ProcessingAgreement
from portal.today import Cost, Kind, Todo, waits

PATIENCE = timedelta(days=30)  # a choice of the house: the law gives no day to sign


def _open() -> Select[tuple[ProcessingAgreement]]:
    row = ProcessingAgreement
    late = (row.state == AgreementState.SENT) & (row.sent_on <= clock.today() - PATIENCE)
    asked = or_(row.state.in_((AgreementState.PREPARED, AgreementState.REFUSED)), late)
    return row.visible_to(g.actor).where(asked).options(joinedload(row.customer))


def _what(row: ProcessingAgreement) -> str:
    if row.state == AgreementState.PREPARED:
        return _("Accord sur les données à envoyer (%(contract)s)", contract=row.contract_label)
    if row.state == AgreementState.REFUSED:
        return _("Accord sur les données refusé (%(contract)s)", contract=row.contract_label)
    return _("Accord sur les données toujours pas signé (%(contract)s)", contract=row.contract_label)


waits(
    Kind(
        name="privacy.agreement",
        label=_l("Accords sur les données à faire signer"),
        cost=Cost.PEOPLE,
        permission=Permission.PRIVACY_WRITE,
        rows=_open,
        order=(ProcessingAgreement.made_on, ProcessingAgreement.id),
        tell=lambda row: Todo(
            what=_what(row),
            who=row.customer.name,
            url=url_for("agreements.show_agreement", uid=row.uid),
            button=_("Ouvrir"),
            due=row.made_on,
        ),
        everything=lambda: url_for("agreements.list_agreements"),
        entry="sub_processors.list_processors",
    )
)
