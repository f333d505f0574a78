"""One mandate to sign; print the token of its link."""

from app import create_app
from portal.db import EVERYTHING, set_scope
from tests.builders import a_house
from tests.sepa.people import a_mandate

with create_app().app_context():
    set_scope(EVERYTHING)
    _mandate, token = a_mandate(a_house())
    print(token)
