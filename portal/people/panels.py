"""What packages above show on a person's page."""

from portal.accounts.models import User
from portal.panels import Panel, Place

person_panel: Place[User, Panel] = Place()
