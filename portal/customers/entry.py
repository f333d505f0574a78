"""A customer as a row of a file says her: read by the form of the screen, with all its checks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from portal.customers.forms import CustomerForm
from portal.customers.models import ContactRole


class _RowForm(CustomerForm):
    billed_by = None
    terms = None
    space = None


@dataclass(frozen=True, slots=True)
class Entry:
    """The columns of a customer and her four contacts, or what is wrong with them, as sentences."""

    values: dict[str, Any]
    contacts: dict[ContactRole, tuple[str, str, str]]
    faults: list[str]
    errors: dict[str, Any] = field(default_factory=dict)  # the same by field, the contacts' below their role


def read_entry(typed: MultiDict[str, str]) -> Entry:
    """typed: by the names of the form's fields, such as ``siren`` and ``billing-email``."""
    form = _RowForm(formdata=typed, meta={"csrf": False})
    if form.validate():
        return Entry(form.values(), form.contacts(), [])
    return Entry({}, {}, [f"{label} : {text}" for label, text in _errors(form)], dict(form.errors))


def _errors(form: Any) -> Iterator[tuple[str, str]]:
    for each in form:
        if isinstance(each.errors, dict):
            for inner in each.form:
                yield from ((f"{each.label.text}, {inner.label.text}", str(text)) for text in inner.errors)
        else:
            yield from ((str(each.label.text), str(text)) for text in each.errors)
