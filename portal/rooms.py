"""The rooms of the house, found by walking through it: a package takes part because it is there.

Importing a module registers its jobs, its periodic duties, what it listens to and the panels that it shows;
the blueprints are registered here. There is no list of them, so that no list can miss one.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

from flask import Blueprint, Flask

import portal

# Loaded by who wants a demonstration, a seal, or to be paid by card.
_LATER = ("portal.demo", "portal.crypto.pades", "portal.cardpay.stripe_gateway")


def modules() -> Iterator[ModuleType]:
    """Every module of the portal but those that come later, imported, in the order of their names."""
    for found in walk_packages(portal.__path__, "portal."):
        if not found.name.startswith(_LATER):
            yield import_module(found.name)


def open_rooms(app: Flask) -> None:
    """Bring every package into the application."""
    for module in list(modules()):  # all of them first: a blueprint takes no more pages once registered
        for value in list(vars(module).values()):
            if isinstance(value, Blueprint) and value.import_name == module.__name__:
                app.register_blueprint(value)
