"""The same write from eight connections at the same moment: done once, and each has its answer."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import JournalEntry
from portal.partners.replays import PartnerAnswer
from tests.builders import a_house
from tests.conftest import Client
from tests.installation import Installs
from tests.partners.builders import Partner, a_body, a_token

pytestmark = pytest.mark.slow
EIGHT = 8


def test_eight_posts_of_one_key_at_once_enter_one_customer(tmp_path: Path, an_installation: Installs) -> None:
    with an_installation(tmp_path) as place, place.context():
        place.app.test_client_class = Client
        secret, ready = a_token(a_house().sales), Barrier(EIGHT)

        def post(_number: int) -> Any:
            with place.app.app_context():
                partner = Partner(place.app, secret)
                ready.wait()
                return partner.post("/customers", a_body(), key="one")

        with ThreadPoolExecutor(EIGHT) as threads:
            answers = list(threads.map(post, range(EIGHT)))
        done = [each for each in answers if each.status_code == 201]
        assert done and {each.status_code for each in answers} <= {201, 409, 503}
        assert len({each.json["uid"] for each in done}) == 1
        db.session.rollback()
        set_scope(EVERYTHING)
        counts = [db.session.scalar(select(func.count(kind.id))) for kind in (Customer, PartnerAnswer)]
        assert counts == [1, 1]
        lines = select(func.count(JournalEntry.id)).where(JournalEntry.what == "onboard")
        assert db.session.scalar(lines) == 1


def test_reading_at_once_is_never_busy(tmp_path: Path, an_installation: Installs) -> None:
    """Each call counts, and notes that its token was used, beside others that do the same."""
    with an_installation(tmp_path) as place, place.context():
        place.app.test_client_class = Client
        secret, ready = a_token(a_house().sales), Barrier(EIGHT)

        def read(_number: int) -> list[int]:
            with place.app.app_context():
                partner = Partner(place.app, secret)
                ready.wait()
                return [partner.get("/customers").status_code for _time in range(8)]

        with ThreadPoolExecutor(EIGHT) as threads:
            assert {status for statuses in threads.map(read, range(EIGHT)) for status in statuses} == {200}
