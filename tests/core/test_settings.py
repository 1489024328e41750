"""Settings: one table, environment over file over defaults, unsafe mixes refused."""

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import openchair
from openchair.core import VERSION
from openchair.core.errors import BadInput, Unsafe
from openchair.core.settings import SETTINGS, Settings, settings_of

HOME = Path("shop")


def test_the_table_and_the_record_hold_the_same_names_in_the_same_order() -> None:
    """A setting that is in one and not in the other would be lost in silence."""
    assert [s.name for s in SETTINGS] == [f.name for f in fields(Settings)]


def test_every_default_reads_as_itself() -> None:
    """A default that its own bound refuses could never be written down."""
    for setting in SETTINGS:
        assert setting.read(str(setting.default)) == setting.default, setting.name
        assert setting.help.endswith(".")


def test_environment_wins_over_file_wins_over_default() -> None:
    """The order an operator expects."""
    assert settings_of(HOME, {}, {}).name == "My shop"
    assert settings_of(HOME, {"name": "Fig & Co"}, {}).name == "Fig & Co"
    assert settings_of(HOME, {"name": "Fig & Co"}, {"OPENCHAIR_NAME": "Date & Co"}).name == "Date & Co"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("currency", "EURO"),
        ("timezone", "Mars/Olympus"),
        ("engine", "pandas"),
        ("memory", "lots"),
        ("port", "99999"),
        ("confidence", "1.5"),
        ("open_demo", "maybe"),
        ("turn_at", "25:00"),
        ("name", ""),
    ],
)
def test_an_ill_formed_setting_names_value_bound_and_remedy(name: str, value: str) -> None:
    """Whoever mistypes a setting is told what it held, what is allowed and where to mend it."""
    with pytest.raises(BadInput) as wrong:
        settings_of(HOME, {name: value}, {})
    assert name in str(wrong.value) and f"OPENCHAIR_{name.upper()}" in str(wrong.value)


def test_an_unknown_setting_is_refused() -> None:
    """A misspelt name must not be taken for its default."""
    with pytest.raises(BadInput, match="currancy"):
        settings_of(HOME, {"currancy": "EUR"}, {})


@pytest.mark.parametrize(
    "unsafe",
    [
        {"host": "0.0.0.0"},
        {"public_url": "http://shop.example"},
        {"open_demo": True, "public_url": "https://shop.example"},
        {"open_demo": True, "host": "0.0.0.0"},
    ],
)
def test_an_unsafe_configuration_refuses_to_start(unsafe: dict[str, object]) -> None:
    """Customers' data never travel in the clear or lie open beyond this machine."""
    with pytest.raises(Unsafe):
        settings_of(HOME, unsafe, {})


def test_behind_a_tls_proxy_the_server_may_listen_on_every_address() -> None:
    """The one safe way to serve other machines."""
    assert settings_of(HOME, {"host": "0.0.0.0", "public_url": "https://shop.example"}, {}).secure


def test_the_version_is_the_same_everywhere() -> None:
    """What `--version` says is what was built."""
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert openchair.__version__ == VERSION == pyproject["project"]["version"]
