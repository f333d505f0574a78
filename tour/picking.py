"""What a technician does on the page of a vault's files, the same in a tour and in a life."""

import re

from tour.person import Person


def pick_file(technician: Person, request: str, words: str) -> None:
    """Restore the first file whose name has these words. request: the path of its restore request.

    Raises LookupError where the open vault has none.
    """
    technician.visit(f"{request}/files?q={words}")
    page = technician.page.text
    listing, only = (
        re.search(r'name="listing" value="(\w*)"', page),
        re.search(r'name="only" value="(\w+)"', page),
    )
    if listing is None or only is None:
        raise LookupError(f"no file « {words} » can be picked on {technician.page.url}")
    technician.send_form_of("/file", listing=listing[1], only=only[1])
