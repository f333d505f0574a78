"""Default and lost passwords: the articles and their borders."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.accounts.rules import check_credential_reset, check_identity, must_change_password
from portal.errors import Refused

GIVEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_004_19_the_default_password_is_changed_at_the_first_login() -> None:
    assert must_change_password(GIVEN, None)
    assert not must_change_password(GIVEN, GIVEN + SECOND)
    assert must_change_password(GIVEN, GIVEN - SECOND)  # given anew since
    assert must_change_password(GIVEN, GIVEN)


def test_004_19_no_password_is_changed_without_an_identity_check() -> None:
    check_identity(GIVEN, needs_signed_request=False, signed_at=None, at=GIVEN)
    check_identity(GIVEN, needs_signed_request=True, signed_at=GIVEN, at=GIVEN)
    for checked_at in (None, GIVEN + SECOND):
        with pytest.raises(Refused, match="identité"):
            check_identity(checked_at, needs_signed_request=False, signed_at=None, at=GIVEN)
    for signed_at in (None, GIVEN + SECOND):
        with pytest.raises(Refused, match="écrite et signée"):
            check_identity(GIVEN, needs_signed_request=True, signed_at=signed_at, at=GIVEN)


def test_000_41_001_29_a_reset_needs_a_written_and_justified_notice() -> None:
    check_credential_reset(in_writing=True, identity_proved=True)
    with pytest.raises(Refused, match="par écrit"):
        check_credential_reset(in_writing=False, identity_proved=True)
    with pytest.raises(Refused, match="justifier"):
        check_credential_reset(in_writing=True, identity_proved=False)
