"""Fill an empty database with one reseller and so many customers; print the cookie of its owner."""

import random
import sys

from sqlalchemy import insert

from app import create_app
from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User, open_sign_in
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, new_uid, set_scope
from portal.search.words import fold

CHUNK = 5_000


def seed(count: int) -> str:
    set_scope(EVERYTHING)
    provider = Organisation(parent=None, kind=OrganisationKind.PROVIDER, name="Fournisseur")
    reseller = Organisation(parent=provider, kind=OrganisationKind.RESELLER, name="Revendeur")
    db.session.add_all([provider, reseller])
    db.session.flush()
    owner = User(
        organisation=reseller,
        email="bench@example.org",
        name="Bench",
        role=Role.OWNER,
        password_hash="-",
        is_enabled=True,
    )
    db.session.add(owner)
    db.session.flush()
    parent_id, path, chance = reseller.id, reseller.org_path, random.Random(1)
    first = reseller.id + 1
    for start in range(first, first + count, CHUNK):
        ids = range(start, min(start + CHUNK, first + count))
        uids = {id_: new_uid() for id_ in ids}
        names = {id_: f"{chance.choice(WORDS)} {chance.choice(WORDS)} {id_}" for id_ in ids}
        db.session.execute(
            insert(Organisation.__table__),
            [
                {
                    "id": i,
                    "uid": uids[i],
                    "created_at": clock.now(),
                    "org_path": f"{path}{uids[i]}/",
                    "kind": OrganisationKind.CUSTOMER,
                    "name": names[i],
                    "parent_id": parent_id,
                }
                for i in ids
            ],
        )
        db.session.execute(
            insert(Customer.__table__),
            [
                {
                    "uid": new_uid(),
                    "created_at": clock.now(),
                    "org_path": f"{path}{uids[i]}/",
                    "organisation_id": i,
                    "reseller_id": parent_id,
                    "kind": "business",
                    "name": names[i],
                    "name_folded": fold(names[i]),
                    "siren": f"{i:09d}",
                    "street": "1 rue du Port",
                    "postcode": "35000",
                    "town": "Rennes",
                    "country": "FR",
                    "health_data": False,
                    "language": "fr",
                }
                for i in ids
            ],
        )
    _row, token = open_sign_in(owner, address="127.0.0.1", browser="bench")
    db.session.commit()
    return token


WORDS = ["Atelier", "Boulangerie", "Cabinet", "Domaine", "Éclair", "Forge", "Garage", "Hôtel", "Imprimerie"]

application = create_app()
with application.app_context():
    token = seed(int(sys.argv[1]))
    print(f"{application.config['SIGN_IN_COOKIE']}={token}")
