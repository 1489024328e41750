"""Openchair: the empty chair that stands for the customer at every meeting, filled by software.

>>> import openchair
>>> chair = openchair.open("shop")  # doctest: +SKIP
>>> chair.turn().customers  # doctest: +SKIP
4372
"""

from typing import TYPE_CHECKING

from openchair.core import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from openchair.chair.chair import Chair

__version__ = VERSION
__all__ = ["__version__", "open"]


def open(home: "str | Path") -> "Chair":
    """The chair of a shop kept in the folder `home` (made by `openchair init`)."""
    from openchair.cli.wiring import open_home  # heavy: engines and databases load only when a chair is opened

    return open_home(home)
