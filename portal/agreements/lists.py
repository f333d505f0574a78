"""The agreements of everybody, as a page, CSV and workbook."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.agreements.acts import send
from portal.agreements.models import AgreementState, ProcessingAgreement
from portal.listing import FILE, NAME, WIDE, Bulk, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.words.states import look_of

AGREEMENTS: Listing[ProcessingAgreement] = define(
    Listing(
        name="processing-agreements",
        label=_l("Accords sur les données"),
        endpoint="agreements.list_agreements",
        permission=Permission.PRIVACY_READ,
        model=ProcessingAgreement,
        query=lambda: ProcessingAgreement.visible_to(g.actor),
        load=(joinedload(ProcessingAgreement.customer),),
        columns=[
            Column(
                "customer",
                _l("Client"),
                lambda row: Link(row.customer.name, url_for("agreements.show_agreement", uid=row.uid)),
                rank=NAME,
            ),
            Column("contract", _l("Contrat"), lambda row: row.contract_label),
            Column("version", _l("Version"), lambda row: row.number, is_number=True, rank=WIDE),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("sent", _l("Envoyé le"), lambda row: row.sent_on, is_number=True, rank=WIDE),
            Column("signed", _l("Signé le"), lambda row: row.signed_on, is_number=True, rank=WIDE),
            Column("digest", "SHA-256", lambda row: row.sha256, rank=FILE),
        ],
        order=(ProcessingAgreement.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(each.value, look_of(each).word) for each in AgreementState],
                lambda value: ProcessingAgreement.state == AgreementState(value),
            )
        ],
        bulk=(
            Bulk(
                "send",
                _l("Envoyer à signer"),
                "send",
                Permission.PRIVACY_WRITE,
                lambda row: send(row, by=g.actor),
            ),
        ),
        nothing=lambda: Nothing(
            _l("Aucun accord n'est encore écrit."),
            _l("Chaque client d'un contrat en cours a le sien, écrit dans la nuit."),
        ),
    )
)
