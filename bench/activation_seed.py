"""One key with more seats than machines will ask for; print it."""

import json
from datetime import timedelta

from app import create_app
from portal import clock
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.licensing.models import issue_key
from tests.builders import a_customer, a_house

with create_app().app_context():
    set_scope(EVERYTHING)
    key = issue_key(
        a_customer(a_house().reseller),
        product="NATSO BACKUP+",
        product_code=3,
        seats=1_000_000,
        valid_through=clock.today() + timedelta(days=365),
        source_uid="bench",
        by=SYSTEM,
    )
    db.session.commit()
    print(json.dumps({"key": key.code}))
