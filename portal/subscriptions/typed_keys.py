"""A key that somebody types without an account: found, or refused in words."""

from flask_babel import gettext as _

from portal.accounts.floods import count_within
from portal.db import EVERYTHING, set_scope
from portal.errors import Refused
from portal.licensing.models import ActivationKey, LicenseRefused, find_key

UNKNOWN_MOST, WINDOW = 60, 600  # keys that nobody sold, of an address; seconds


def find_typed_key(typed: str, address: str) -> ActivationKey:
    """The key; from then on its tree alone is seen.

    address: from which it was typed. Raises Refused for a slip, a key that nobody sold, and an address
    that only guesses.
    """
    set_scope(EVERYTHING)  # the key says whose it is
    try:
        key = find_key(typed)
    except LicenseRefused as refusal:
        unknown = refusal.status == 404
        if unknown and count_within(f"typed-key:{address}", most=UNKNOWN_MOST, seconds=WINDOW):
            raise Refused(_("Trop de demandes : réessayez plus tard.")) from refusal
        raise Refused(refusal.message) from refusal
    set_scope(key.org_path)
    return key
