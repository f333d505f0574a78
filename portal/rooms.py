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

_STAGED = ("portal.demo",)  # loaded by the commands that want a demonstration


def modules() -> Iterator[ModuleType]:
    """Every module of the portal but the demonstration's, imported, in the order of their names."""
    for found in walk_packages(portal.__path__, "portal."):
        if not found.name.startswith(_STAGED):
            yield import_module(found.name)


def open_rooms(app: Flask) -> None:
    """Bring every package into the application."""
    for module in list(modules()):  # all of them first: a blueprint takes no more pages once registered
        for value in list(vars(module).values()):
            if isinstance(value, Blueprint) and value.import_name == module.__name__:
                app.register_blueprint(value)
