import pytest

from portal.reversibility.models import CaseState, ReversibilityCase

ALLOWED = {  # copied from the procedure, not from the code
    ("requested", "start"),
    ("requested", "confirm_destruction"),
    ("waiting_for_key", "export"),
    ("exporting", "lose_key"),
    ("exporting", "deliver"),
    ("ready", "contest"),
    ("contested", "export_again"),
    ("ready", "accept"),
    ("accepted", "release"),
    ("erasing", "certify"),
    ("requested", "cancel"),
    ("waiting_for_key", "cancel"),
    ("contested", "cancel"),
}


class _Nobody:
    id, org_path = 1, "/x/"


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("step", ReversibilityCase.steps)
def test_only_the_listed_steps_exist(app, state, step):
    assert ReversibilityCase(organisation=_Nobody(), state=state).can(step) == ((state, step) in ALLOWED)
