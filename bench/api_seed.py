"""A reseller with so many customers, and a token of its owner; print it and the address of one customer."""

import json
import sys

from app import create_app
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.partners.scopes import scopes_of
from portal.partners.tokens import make_token
from tests.builders import a_customer, a_house

with create_app().app_context():
    set_scope(EVERYTHING)
    house = a_house()
    rows = [
        a_customer(house.reseller, name=f"Client {number}", siren=None, accepted="")
        for number in range(int(sys.argv[1]))
    ]
    scopes = [each.name for each in scopes_of(house.owner)]
    _row, secret = make_token(house.owner, "bench", scopes, 1, by=SYSTEM)
    db.session.commit()
    print(json.dumps({"token": secret, "detail": f"/api/partner/v1/customers/{rows[0].uid}"}))
