"""Houses whose people sign in through a directory of theirs: higher packages know which."""

from portal.accounts.models import User
from portal.panels import Place

by_directory: Place[User, str] = Place()  # the path to sign in by, where a password opens nothing
confirms_by_directory: Place[User, str] = Place()  # the path by which she shows again that it is she
