"""One search over everything: each room registers in ``finders.py`` what can be found of its own."""

from portal.search.registry import Hit, Sought, finder

__all__ = ["Hit", "Sought", "finder"]
