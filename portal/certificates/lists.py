"""The register: every certificate, the one that ends last first."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_

from portal import clock
from portal.access import Permission, may
from portal.certificates.models import HostingCertificate, Standard
from portal.listing import FILE, NAME, WIDE, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.words.states import look_of

_H = HostingCertificate


def _in_state(value: str) -> ColumnElement[bool]:
    today, stands = clock.today(), _H.withdrawn_on.is_(None)
    return {
        "certificate_withdrawn": _H.withdrawn_on.is_not(None),
        "certificate_ended": and_(stands, _H.valid_through < today),
        "certificate_coming": and_(stands, _H.valid_from > today),
        "certificate_valid": and_(stands, _H.valid_from <= today, _H.valid_through >= today),
    }[value]


_STATES = ("certificate_valid", "certificate_coming", "certificate_ended", "certificate_withdrawn")

CERTIFICATES: Listing[HostingCertificate] = define(
    Listing(
        name="certificates",
        label=_l("Certificats"),
        endpoint="certificates.list_certificates",
        permission=Permission.CERTIFICATE_READ,
        model=HostingCertificate,
        query=lambda: _H.visible_to(g.actor),
        columns=[
            Column(
                "number",
                _l("Certificat"),
                lambda row: Link(row.label, url_for("certificates.show", uid=row.uid), row.issued_by),
                rank=NAME,
            ),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("covers", _l("Couvre"), lambda row: ", ".join(row.contracts), rank=WIDE),
            Column("from", _l("Premier jour"), lambda row: row.valid_from, rank=WIDE, is_number=True),
            Column("through", _l("Dernier jour"), lambda row: row.valid_through, is_number=True),
            Column("referential", _l("Référentiel"), lambda row: row.referential, rank=FILE),
            Column("scope", _l("Périmètre"), lambda row: row.scope, rank=FILE),
        ],
        order=(_H.valid_through.desc(), _H.id.desc()),
        filters=[
            Choice("state", _l("État"), lambda: [(s, look_of(s).word) for s in _STATES], _in_state),
            Choice(
                "standard",
                _l("Norme"),
                lambda: [(each.value, each.value) for each in Standard],
                lambda value: _H.standard == Standard(value),
            ),
        ],
        nothing=lambda: Nothing(
            _l("Aucun certificat."),
            _l("Sans certificat HDS en cours, aucune offre de données de santé ne se commande."),
            _l("Déposer un certificat"),
            url_for("certificates.new") if may(Permission.CERTIFICATE_WRITE) else "",
        ),
    )
)
