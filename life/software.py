"""A reseller's own program, which reads the partners' interface with a token that its owner makes."""

import re
from datetime import date, timedelta
from typing import Any

from clients.partner import Portal
from life.place import Place
from life.staff import Worker

_SERVES = timedelta(days=360)  # of the 365 for which a token is made
_SIZE = 15  # rows of a page: lists come in several
_AT_ONCE = 200  # calls after which a program lets a minute pass


class Software:
    """Of one owner, who makes it a new token about once a year. Raises Refusal as the interface does."""

    def __init__(self, place: Place, owner: Worker) -> None:
        self.place, self.owner = place, owner
        self._ends_on = date.min
        self._portal: Portal
        self._calls = 0

    def rows(self, kind: str, **asked: Any) -> list[dict[str, Any]]:
        """Every row of a list, read with cursors."""
        self._pause(10)
        return list(self._with_token().rows(f"/{kind}", limit=_SIZE, **asked))

    def one(self, path: str, **asked: Any) -> dict[str, Any]:
        self._pause(1)
        return dict(self._with_token().get(path, **asked))

    def _pause(self, calls: int) -> None:
        self._calls += calls
        if self._calls >= _AT_ONCE:
            self.place.pass_minutes(1.1)
            self._calls = 0

    def _with_token(self) -> Portal:
        if self.place.today >= self._ends_on:
            self._make_token()
        return self._portal

    def _make_token(self) -> None:
        """All that reads, and nothing that writes."""
        page = self.owner.visit("/account/tokens")
        scopes = [each for each in re.findall(r'value="(\w+:\w+)"', page) if each.endswith(":read")]
        self.owner.send_form_of("/account/tokens", name="Facturation", days=365, scopes=scopes)
        secret = self.owner.value(r'id="secret"[^>]*value="([^"]+)"')
        self._portal, self._ends_on = Portal(self.place.url, secret, "fr"), self.place.today + _SERVES
