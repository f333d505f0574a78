"""Codes of signed links: five tries are five, however many come at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.db import db
from portal.links import CODE_TRIES, CodeProblem, Purpose, SignedLink, make_link
from tests.builders import a_customer, a_house
from tests.installation import Installation, Installs


def tried(place: Installation, code: str) -> CodeProblem | None:
    with place.context():
        link = db.session.scalars(select(SignedLink)).one()
        problem = link.try_code(code)
        db.session.commit()
        return problem


@pytest.mark.slow
def test_tries_at_the_same_moment_all_count(an_installation: Installs, tmp_path: Path) -> None:
    with an_installation(tmp_path) as place:
        with place.context():
            customer = a_customer(a_house().reseller)
            link, _token = make_link(
                Purpose.FETCH_EXPORT, customer, owner=customer.organisation, recipient="a@b.example", days=1
            )
            code = link.new_code()
            assert code is not None
            db.session.commit()
        wrong = "000000" if code != "000000" else "111111"
        with ThreadPoolExecutor(8) as together:
            answers = Counter(together.map(lambda _n: tried(place, wrong), range(24)))
        assert answers == {CodeProblem.WRONG: CODE_TRIES, CodeProblem.TOO_MANY: 24 - CODE_TRIES}
        assert tried(place, code) == CodeProblem.TOO_MANY


@pytest.mark.slow
def test_the_right_code_lets_one_in(an_installation: Installs, tmp_path: Path) -> None:
    with an_installation(tmp_path) as place:
        with place.context():
            customer = a_customer(a_house().reseller)
            link, _token = make_link(
                Purpose.FETCH_EXPORT, customer, owner=customer.organisation, recipient="a@b.example", days=1
            )
            code = link.new_code()
            assert code is not None
            db.session.commit()
        with ThreadPoolExecutor(8) as together:
            answers = list(together.map(lambda _n: tried(place, code), range(8)))
        assert answers.count(None) == 1
