"""Who signs in at an address that is not hers is told where hers is: higher packages know addresses."""

from portal.accounts.models import User
from portal.panels import Place

elsewhere: Place[User, str] = Place()  # the address to go to instead
