"""Somebody of a house who works on a day: signs in again when her session has ended meanwhile."""

import re
from html import unescape
from typing import Any

from tour.person import Person


class Worker(Person):
    """A person with a password who comes back on another day."""

    def __init__(self, url: str, email: str, password: str) -> None:
        super().__init__(url)
        self.email = email
        self._password = password

    def visit(self, path: str) -> str:
        """The page, behind the sign-in page that stands before it when the session is over."""
        page = super().visit(path)
        if path != "/login" and self.page.url.path == "/login":
            where = self.value(r'name="next"[^>]*value="([^"]*)"')
            page = self.send("/login", email=self.email, password=self._password, next=unescape(where))
            if self.page.url.path == "/login":
                raise RuntimeError(f"{self.email} cannot sign in")
        return page

    def value(self, pattern: str) -> str:
        """What a pattern finds on the present page. Raises RuntimeError."""
        found = re.search(pattern, self.page.text)
        if found is None:
            raise RuntimeError(f"{self.page.url} has nothing like {pattern}: {self.notice()}")
        return found[1]

    def notice(self) -> str:
        """The page in words, for who reads an error."""
        return self.words()[:2000]

    def words(self) -> str:
        """The present page without its tags."""
        body = self.page.text.partition("<main")[2].partition(">")[2] or self.page.text
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def do(self, path: str, ending: str, **fields: Any) -> str:
        """Visit a page and send the form of it whose action ends so."""
        self.visit(path)
        return self.send_form_of(ending, **fields)

    def download(self, path: str) -> Any:
        """A file, whether or not she was still signed in."""
        answer = super().download(path)
        if answer.url.path == "/login":
            self.visit("/")
            answer = super().download(path)
        return answer
