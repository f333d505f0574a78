"""A signatory who accepts a contract on her phone, with the link and the code that the mails bring."""

import re
from typing import Any

from tour.person import Person, path_in, text_of


def accept_terms(url: str, mails: Any, recipient: str) -> str:
    """The page that says so, for who was asked last at this address."""
    phone = Person(url)
    path = path_in(mails.wait_for(recipient, "Conditions à accepter"), "/accept/")
    phone.visit(path)
    shown = re.search(r'name="shown"[^>]*value="([^"]*)"', phone.page.text)
    assert shown
    phone.send(
        path, shown=shown[1], agree="y", entitled="y", signer_name="La direction", signer_role="Gérance"
    )
    code = re.search(
        r"^\s+(\d{3} \d{3})\s*$", text_of(mails.wait_for(recipient, "Votre code pour accepter")), re.M
    )
    assert code
    page = phone.send_form_of("/code", code=code[1])
    phone.close()
    return page
