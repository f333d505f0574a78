"""A choice comes back in the clear where its sealing is undone, and is sealed by the migration again."""

import json
from datetime import date
from pathlib import Path

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from portal import clock
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import register_vault
from portal.journal import SYSTEM
from portal.reversibility.choosing import HandoverChoice
from portal.reversibility.groups import Group, as_rows
from portal.reversibility.models import Reason
from portal.reversibility.opening import open_case
from tests import builders, vaulting
from tests.installation import Installs

OFFERED = [Group("poste-roux", ("/home",), (), ())]


@pytest.mark.slow
def test_a_choice_is_opened_and_sealed_again(an_installation: Installs, tmp_path: Path) -> None:
    with an_installation(tmp_path) as place, place.context():
        set_scope(EVERYTHING)
        customer = builders.a_customer(builders.a_house().reseller, accepted="dropcloud")
        own = vaulting.a_subscription(customer, ends_on=clock.today())
        vault = register_vault(customer, name="x", location="/x", subscription_uid=own.uid)
        db.session.flush()
        day = date(2026, 11, 23)
        case = open_case(own, vault, reason=Reason.COPY, received_on=day, cost_cents=0, by=SYSTEM)
        db.session.flush()
        row = HandoverChoice(organisation=customer.organisation, case_id=case.id, round=1, until=clock.now())
        row.offered, row.word = json.dumps(as_rows(OFFERED)), "le mot"
        db.session.add(row)
        db.session.commit()
        db.session.remove()
        downgrade(revision="20261130_1301")
        with db.engine.connect() as connection:
            found = connection.execute(text("select offered, word from handover_choice")).one()
        assert "poste-roux" in str(found.offered) and found.word == "le mot"
        upgrade()
        set_scope(EVERYTHING)
        choice = db.session.scalars(select(HandoverChoice)).one()
        assert choice.groups == OFFERED and choice.word == "le mot"
        assert "poste-roux" not in str(choice.offered_sealed)
