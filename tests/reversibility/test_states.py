import pytest

from portal.reversibility.models import CaseState, ReversibilityCase

ALLOWED = {  # copied from the procedure, not from the code
    *((state, "quote") for state in ("requested", "quoted")),
    ("quoted", "accept_quote"),
    ("requested", "await_payment"),
    *((state, "start") for state in ("requested", "to_pay")),
    *((state, "start_sealed") for state in ("requested", "to_pay", "contested")),
    ("requested", "confirm_destruction"),
    ("waiting_for_key", "export"),
    ("exporting", "lose_key"),
    ("exporting", "offer"),
    ("choosing", "choose"),
    ("choosing", "lapse_choice"),
    ("choosing", "cancel"),
    ("exporting", "deliver"),
    ("ready", "ship"),
    ("ready", "contest"),
    ("contested", "export_again"),
    ("ready", "accept"),
    ("accepted", "release_first"),
    ("accepted", "release"),
    ("accepted", "order"),
    ("cooling_off", "recall"),
    ("cooling_off", "begin"),
    ("erasing", "certify"),
    *((state, "cancel") for state in ("requested", "quoted", "to_pay", "waiting_for_key", "contested")),
    ("exporting", "cancel"),
}


class _Nobody:
    id, org_path = 1, "/x/"


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("step", ReversibilityCase.steps)
def test_only_the_listed_steps_exist(app, state, step):
    assert ReversibilityCase(organisation=_Nobody(), state=state).can(step) == ((state, step) in ALLOWED)
