"""Templates of mails without what they speak of: to look at their words, and at nothing else."""

from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from typing import Any, cast

from jinja2 import ChainableUndefined, Environment

_FEW = 2  # where a template counts
_Undefined: Any = ChainableUndefined  # which says of every act that it never returns


class Something(_Undefined):
    """Stands for any value: shown as « … », true, one of each list, equal to nothing."""

    __slots__ = ()

    def __str__(self) -> str:
        return "…"

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator["Something"]:
        yield self

    def __len__(self) -> int:
        return 1

    def __int__(self) -> int:
        return _FEW

    __index__ = __int__

    def __call__(self, *_args: Any, **_keywords: Any) -> "Something":
        return self

    def _compared(self, _other: object) -> bool:
        return True

    def _reckoned(self, _other: object) -> "Something":
        return self

    __lt__ = __le__ = __gt__ = __ge__ = _compared
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __truediv__ = _reckoned


@lru_cache(maxsize=2)
def forgiving(environment: Environment) -> Environment:
    """The same templates, words and filters; what a template is not given is :class:`Something`."""
    made = environment.overlay(undefined=Something)
    made.filters = {name: _letting_through(each) for name, each in environment.filters.items()}
    made.globals = {**environment.globals}
    made.globals["ngettext"] = _counting(cast(Any, environment.globals["ngettext"]))
    return made


def _letting_through(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def filtered(*args: Any, **keywords: Any) -> Any:
        unknown = next((each for each in args if isinstance(each, Something)), None)
        return function(*args, **keywords) if unknown is None else unknown

    return filtered


def _counting(translate: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(translate)
    def counted(*args: Any, **keywords: Any) -> Any:
        return translate(*(int(each) if isinstance(each, Something) else each for each in args), **keywords)

    return counted
