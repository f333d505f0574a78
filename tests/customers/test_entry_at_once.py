"""A form that is sent while the verifications of its fields are still on their way."""

import threading
from pathlib import Path

from portal.accounts.models import open_sign_in
from portal.customers.models import Customer, Draft
from portal.db import db
from tests.builders import a_house
from tests.customers.test_views import ENTRY, entry_of
from tests.installation import Installs

CHECKS = 6


def test_a_form_sent_with_its_last_fields_is_one_customer_and_no_draft(
    an_installation: Installs, tmp_path: Path
) -> None:
    with an_installation(tmp_path) as place:
        with place.context():
            _row, token = open_sign_in(a_house().owner, address="127.0.0.1", browser="test")
            db.session.commit()
        client = place.app.test_client()
        client.set_cookie(place.app.config["SIGN_IN_COOKIE"], token)
        entry = {**ENTRY, "entry": entry_of(client.get("/customers/new").text)}
        barrier, answers = threading.Barrier(CHECKS + 1), []

        def send(path: str) -> None:
            one = place.app.test_client()
            one.set_cookie(place.app.config["SIGN_IN_COOKIE"], token)
            barrier.wait()
            answers.append(one.post(path, data=entry).status_code)

        paths = ["/customers/new", *["/customers/new/check/town"] * CHECKS]
        threads = [threading.Thread(target=send, args=(path,)) for path in paths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200] * CHECKS + [303]
        with place.context():
            assert db.session.scalars(db.select(Customer)).one().name == ENTRY["name"]
            draft = db.session.scalars(db.select(Draft)).one()
            assert draft.content == f'[["entry", "{entry["entry"]}"]]'
