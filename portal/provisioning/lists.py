"""The list of stores, the one described first in front."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission, may
from portal.listing import NAME, WIDE, Column, Link, Listing, Nothing, Pill, define
from portal.provisioning.models import VaultStore

STORES: Listing[VaultStore] = define(
    Listing(
        name="stores",
        label=_l("Magasins"),
        endpoint="stores.list_stores",
        permission=Permission.STORE_READ,
        model=VaultStore,
        query=lambda: VaultStore.visible_to(g.actor),
        columns=[
            Column(
                "name",
                _l("Magasin"),
                lambda row: Link(row.name, url_for("stores.show", uid=row.uid), row.door),
                rank=NAME,
            ),
            Column("kind", _l("Genre"), lambda row: Pill(row.kind)),
            Column("state", _l("État"), lambda row: Pill("store_open" if row.is_open else "store_full")),
            Column("place", _l("Lieu"), lambda row: f"{row.place}, {row.state_name}", rank=WIDE),
            Column("operator", _l("Exploité par"), lambda row: row.operator, rank=WIDE),
            Column(
                "immutable", _l("Immuable (jours)"), lambda row: row.immutable_days, rank=WIDE, is_number=True
            ),
        ],
        order=(VaultStore.id,),
        nothing=lambda: Nothing(
            _l("Aucun magasin."),
            _l("Décrivez où naissent les coffres : chaque abonnement avec stockage y reçoit le sien."),
            _l("Décrire un magasin"),
            url_for("stores.new") if may(Permission.STORE_WRITE) else "",
        ),
    )
)
