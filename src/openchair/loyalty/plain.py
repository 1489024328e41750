"""YAML as people write a catalogue: plain values, each key once, no anchors, no tags, nothing deep or endless."""

import re
from typing import Any, ClassVar

import yaml

from openchair.core.errors import BadInput

LONGEST = 4 * 1024 * 1024
"""Characters of a file."""
DEEPEST = 12
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
"""Characters that nobody can see, and that no text needs."""
_REMEDY = "Mend that place; the catalogue that comes with Openchair shows how one is written."
_WORDS = {
    "tag:yaml.org,2002:bool": r"true|false",
    "tag:yaml.org,2002:null": r"null|~|",
    "tag:yaml.org,2002:int": r"[-+]?[0-9]{1,18}",
    "tag:yaml.org,2002:float": r"[-+]?[0-9]{1,18}(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,3})?",
}
"""What is no text, and how it is written: `no` is a language here, and 12:30 no number."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in keys:
                problem = f"the key {key.value} stands here twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            keys.add(str(key.value))
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _shown(dumper: Any, value: Any) -> Any:
    """A string of several lines as such; what is short and holds nothing but words or numbers on one line."""
    if isinstance(value, str):
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)
    inner = value.values() if isinstance(value, dict) else value
    flat = not any(isinstance(one, dict | list | tuple) for one in inner) and len(str(value)) < 110
    if isinstance(value, dict):
        return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=flat)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)


for _tag, _pattern in _WORDS.items():
    for _either in (_Loader, _Dumper):  # what others would take for a number or a yes is quoted beside
        _either.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), None)
for _kind in (str, dict, list, tuple):
    _Dumper.add_representer(_kind, _shown)


def read(text: str) -> Any:
    """The plain values in a text. Raises BadInput naming the line, what stands there and what to do."""
    if len(text) > LONGEST:
        bound = f"at most {LONGEST:,}"
        raise BadInput("catalogue", value=f"{len(text):,} characters", bound=bound, remedy="Take some actions out.")
    try:
        _looked_through(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, with less than that
    except yaml.MarkedYAMLError as wrong:
        line = f"line {wrong.problem_mark.line + 1}: " if wrong.problem_mark else ""
        raise _bad(f"{line}{wrong.problem}") from None
    except (yaml.YAMLError, ValueError) as wrong:
        raise _bad(" ".join(str(wrong).split())[:200]) from None


def written(value: Any) -> str:
    """Plain values as YAML; `read` gives them back."""
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
    return text


def _bad(problem: str) -> BadInput:
    return BadInput("catalogue", value=problem, bound="must be YAML", remedy=_REMEDY)


def _looked_through(text: str) -> None:
    """Refuses what has no place in a catalogue before anything is made of it: an alias may stand for a billion."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        said = ""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            said = "anchors and aliases (& and *) are not read: write it out"
        elif getattr(event, "tag", None):
            said = "tags (!) are not read: write it as it is"
        elif depth > DEEPEST:
            said = f"this lies deeper than {DEEPEST} levels"
        elif isinstance(event, yaml.ScalarEvent) and UNSEEN.search(event.value):
            said = "a character that nobody can see stands here"
        if said:
            raise yaml.constructor.ConstructorError(None, None, said, event.start_mark)
