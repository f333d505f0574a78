import pytest

from portal.restore_requests.models import RestoreRequest, RestoreState

ALLOWED = {  # copied from the procedure of part D, not from the code
    ("requested", "list"),
    ("browsing", "list"),
    ("listing", "browse"),
    ("browsing", "restore"),
    ("done", "restore_another"),
    ("restoring", "finish"),
    ("restoring", "fail"),
    ("restoring", "fail_another"),
    ("done", "check"),
    ("checked", "bill"),
    ("checked", "close"),
    ("requested", "cancel"),
    ("listing", "cancel"),
    ("browsing", "cancel"),
    ("restoring", "cancel"),
}


class _Nobody:
    id, org_path = 1, "/x/"


@pytest.mark.parametrize("state", RestoreState)
@pytest.mark.parametrize("step", RestoreRequest.steps)
def test_only_the_listed_steps_exist(app, state, step):
    assert RestoreRequest(organisation=_Nobody(), state=state).can(step) == ((state, step) in ALLOWED)
