"""One test for many files: hundreds of tests would cost more than what they check."""

from collections.abc import Callable, Iterable
from pathlib import Path


def for_each(paths: Iterable[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """Check every file, and say together what is wrong with which."""

    def decorate(check: Callable[[Path], None]) -> Callable[[], None]:
        def test() -> None:
            wrong = []
            for path in paths:
                try:
                    check(path)
                except AssertionError as error:
                    wrong.append(f"{path}: {error}")
            assert wrong == [], "\n".join(wrong)

        test.__doc__ = check.__doc__
        return test

    return decorate
