"""What templates ask of a form: its errors, a field by its name, the attributes that tie an input to both."""

from typing import Any

from flask import Flask


def flat_errors(form: Any) -> list[tuple[Any, str]]:
    """Every field error of a form, nested forms included, as (field, message)."""
    found: list[tuple[Any, str]] = []
    for field in form:
        if hasattr(field, "form"):
            found += flat_errors(field.form)
        else:
            found += [(field, message) for message in field.errors]
    return found


def dig(form: Any, name: str) -> Any:
    """A field by its HTML name, such as ``billing-email``."""
    target = form
    for part in name.split("-"):
        target = getattr(target[part], "form", target[part])
    return target


def aria(field: Any, hint: str = "") -> dict[str, str]:
    """The attributes that tie an input to its hint and its errors."""
    ids = [f"{field.id}-hint"] if hint else []
    ids += [f"{field.id}-error-{n}" for n, _message in enumerate(field.errors, 1)]
    found = {"aria-describedby": " ".join(ids)} if ids else {}
    return found | ({"aria-invalid": "true"} if field.errors else {})


def init_app(app: Flask) -> None:
    app.add_template_filter(flat_errors)
    app.add_template_filter(dig)
    app.jinja_env.globals["aria"] = aria
