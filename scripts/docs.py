"""The documentation as a site in build/docs, and the checks that keep it in step with the code.

    python scripts/docs.py            check, then build; fails when anything is out of step
    python scripts/docs.py --check    only check
    python scripts/docs.py --write    write the generated parts (settings, commands, reports) anew first

Pages are the Markdown files of docs/; the site needs no network: no fonts, scripts or styles from elsewhere.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from openchair.chair.reports import OPTIONS, REPORTS
from openchair.core.settings import SETTINGS
from openchair.decisions.reasons import LATER, LIFTABLE, REASONS
from openchair.dossier.consent import NEEDS_OPT_IN
from openchair.facts.kinds import KINDS
from openchair.loyalty.actions import default
from openchair.loyalty.pillars import PILLARS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SITE = ROOT / "build" / "docs"
BESIDE = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "requirements/README.md")  # not in the site; links checked
MARK = "<!-- From here on written by scripts/docs.py --write. -->\n"

markdown = MarkdownIt("commonmark").enable("table")


# ---- what the code says ---------------------------------------------------------------------------------------------


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def settings_table() -> str:
    """The settings as the code has them, as a Markdown table."""
    rows = ["| setting | default | allowed | meaning |", "| --- | --- | --- | --- |"]
    for s in SETTINGS:
        default = str(s.default).lower() if isinstance(s.default, bool) else str(s.default)
        shown = f"`{default}`" if default else "(empty)"
        rows.append(f"| `{s.name}`<br>`{s.variable}` | {shown} | {_cell(s.bound)} | {_cell(s.help)} |")
    return "\n".join(rows) + "\n"


def commands_text() -> str:
    """Every command with its arguments and options, as the command line itself knows them."""
    from typer.main import get_command

    from openchair.cli.main import app

    return "\n".join(_command_section(name, command) for name, command in _leaves("openchair", get_command(app)))


def _leaves(name: str, command: object) -> Iterator[tuple[str, object]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    if command.invoke_without_command:
        yield name, command
    for part, inner in sorted(below.items()):
        if not inner.hidden:
            yield from _leaves(f"{name} {part}", inner)


def _command_section(name: str, command: object) -> str:
    help_text = (getattr(command, "help", None) or "").replace("\b", "").strip()
    rows = []
    for p in getattr(command, "params", ()):
        if getattr(p, "hidden", False) or p.name == "help":
            continue
        is_option = p.param_type_name == "option"
        spelled = ", ".join(f"`{o}`" for o in (*p.opts, *p.secondary_opts)) if is_option else f"`{p.name.upper()}`"
        default = f" Default: `{p.default}`." if is_option and p.default not in (None, "", False, True, []) else ""
        rows.append(f"| {spelled} | {_cell(getattr(p, 'help', None) or '')}{default} |")
    table = ["| argument or option | meaning |", "| --- | --- |", *rows, ""] if rows else []
    return "\n".join([f"## `{name}`", "", help_text, "", *table])


def reports_table() -> str:
    """Every report with what it is about and what it takes, from the registry."""
    rows = ["| report | about | scope | options |", "| --- | --- | --- | --- |"]
    for r in REPORTS.values():
        options = ", ".join(f"`{name}`" for name in r.takes)
        rows.append(f"| `openchair report {r.name}`<br>`GET /reports/{r.name}` | {r.about} | {r.scope} | {options} |")
    options = (f"- `{name}`: {option.about}" for name, option in OPTIONS.items())
    return "\n".join([*rows, "", *options]) + "\n"


def actions_table() -> str:
    """The actions that come with Openchair, and why one may not be for somebody."""
    rows = ["| pillar | action | moments | reaches them by | needs opting in |", "| --- | --- | --- | --- | --- |"]
    for pillar in PILLARS.values():
        title = pillar.title
        for action in default():
            if action.pillar == pillar.id:
                opt_in = [road for road in action.channels if (action.purpose, road) in NEEDS_OPT_IN]
                said = (title, action.title, ", ".join(action.moments), ", ".join(action.channels), ", ".join(opt_in))
                rows.append(f"| {' | '.join(said)} |")
                title = ""
    return "\n".join([*rows, "", *_reasons()]) + "\n"


def _reasons() -> Iterator[str]:
    """Why an action is not for somebody, and what becomes of it."""
    yield from (
        "## Why an action is not for somebody",
        "",
        "| reason | passes with time | what would have changed it |",
    )
    yield "| --- | --- | --- |"
    for code, reason in enumerate(REASONS):
        if reason:
            yield f"| {reason} | {'yes' if code in LATER else ''} | {LIFTABLE.get(code, '')} |"


GENERATED = {
    "settings.md": settings_table,
    "commands.md": commands_text,
    "reports.md": reports_table,
    "catalogue.md": actions_table,
}


def write_generated() -> None:
    """Write the generated part of each page anew, keeping what stands above the mark."""
    for name, text in GENERATED.items():
        page = DOCS / name
        page.write_text(page.read_text().partition(MARK)[0] + MARK + "\n" + text().rstrip() + "\n")


# ---- what is out of step --------------------------------------------------------------------------------------------


def slug(heading: str) -> str:
    """The anchor of a heading, as forges make it.

    >>> slug("What `make test` does, and why")
    'what-make-test-does-and-why'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _headings(page: Path) -> list[str]:
    tokens = markdown.parse(page.read_text())
    return [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]


def _links(page: Path) -> list[str]:
    """Relative links and images of a page; those that name another machine are not ours to check."""
    inline = [c for t in markdown.parse(page.read_text()) for c in t.children or ()]
    found = [str(t.attrGet("href") or t.attrGet("src")) for t in inline if t.type in ("link_open", "image")]
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def pages() -> list[Path]:
    """Every page of the site."""
    return sorted(DOCS.rglob("*.md"))


def dead_links() -> Iterator[str]:
    """A sentence for each relative link that leads nowhere, and for each that leads out of the site."""
    beside = [ROOT / name for name in BESIDE]
    for page in [*pages(), *beside]:
        for link in _links(page):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            here = page.relative_to(ROOT)
            if not target.exists():
                yield f"{here}: the link {link} leads nowhere"
            elif page not in beside and not target.is_relative_to(DOCS):
                yield f"{here}: the link {link} leads out of docs/, so the site would not have it"
            elif anchor and target.suffix == ".md" and anchor not in map(slug, _headings(target)):
                yield f"{here}: the link {link} names a heading that is not there"


def lost_pages() -> Iterator[str]:
    """A sentence for each page no reader finds by following links from the first one."""
    reached, ahead = set(), [DOCS / "index.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in _links(page)}
        ahead += [t for t in targets if t.suffix == ".md" and t.exists() and t not in reached]
    yield from (f"{p.relative_to(ROOT)}: no link leads here from docs/index.md" for p in pages() if p not in reached)


def undocumented_kinds() -> Iterator[str]:
    """A sentence for each kind of fact docs/facts.md has no heading for."""
    headings = " ".join(_headings(DOCS / "facts.md")) if (DOCS / "facts.md").exists() else ""
    yield from (f"docs/facts.md: no heading for the kind of fact {kind}" for kind in KINDS if kind not in headings)


def stale_pages() -> Iterator[str]:
    """A sentence for each page whose generated part is not what the code says now."""
    for name, text in GENERATED.items():
        written = (DOCS / name).read_text().partition(MARK)[2]
        if written.strip() != text().strip():
            yield f"docs/{name}: out of step with the code; run scripts/docs.py --write"


def problems() -> list[str]:
    """Everything out of step, a sentence each; empty when all is well."""
    return [*stale_pages(), *undocumented_kinds(), *dead_links(), *lost_pages()]


# ---- the site -------------------------------------------------------------------------------------------------------

STYLE = """
:root { color-scheme: light dark; --ink: #1c1b19; --paper: #fbfaf8; --line: #dedad3; --accent: #8a4b2d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e6e1; --paper: #171614; --line: #3a3733; --accent: #e0a484; } }
body { margin: 0; color: var(--ink); background: var(--paper); font: 17px/1.6 system-ui, sans-serif; }
.frame { display: flex; flex-wrap: wrap; gap: 3rem; max-width: 74rem; margin: auto; padding: 2rem 1.25rem; }
nav { flex: 0 1 13rem; font-size: .9rem; line-height: 1.4; } nav ul { list-style: none; padding: 0; }
nav li { margin-block: .5rem; } nav a { text-decoration: none; }
nav a:is(:hover, :focus-visible) { text-decoration: underline; }
@media (min-width: 54rem) { nav { order: -1; } }
main { flex: 1 1 30rem; min-width: 0; max-width: 46rem; overflow-wrap: break-word; }
a { color: var(--accent); } a[aria-current] { color: inherit; font-weight: 600; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; } h2 { margin-block-start: 2.5rem; }
code { font: .88em/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 1rem; border: 1px solid var(--line); }
table { border-collapse: collapse; display: block; overflow-x: auto; font-size: .92rem; }
th, td { text-align: start; vertical-align: top; padding: .4rem .9rem .4rem 0; }
th, td { border-block-end: 1px solid var(--line); }
img { max-width: 100%; height: auto; border: 1px solid var(--line); }
"""


def _title(page: Path) -> str:
    return next(iter(_headings(page)), page.stem).replace("`", "")


def _html(page: Path, titles: dict[Path, str]) -> str:
    tokens = markdown.parse(page.read_text())
    for before, token in zip([Token("", "", 0), *tokens], tokens, strict=False):
        if before.type == "heading_open":
            before.attrSet("id", slug(token.content))
        for child in token.children or ():
            if child.type == "link_open" and not re.match(r"[a-z]+:", str(child.attrGet("href"))):
                child.attrSet("href", re.sub(r"\.md(?=#|$)", ".html", str(child.attrGet("href"))))
    up = "../" * (len(page.relative_to(DOCS).parts) - 1)
    entries = []
    for other, title in titles.items():
        href = up + other.relative_to(DOCS).with_suffix(".html").as_posix()
        current = ' aria-current="page"' if other == page else ""
        entries.append(f'<li><a href="{href}"{current}>{escape(title)}</a></li>')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(titles[page])}</title><link rel="stylesheet" href="{up}style.css"></head><body>'
        f'<div class="frame"><main>{markdown.renderer.render(tokens, markdown.options, {})}</main>'
        f'<nav aria-label="Pages"><ul>{"".join(entries)}</ul></nav></div></body></html>\n'
    )


def build(site: Path) -> int:
    """Write the site; how many pages it has."""
    shutil.rmtree(site, ignore_errors=True)
    titles = {page: _title(page) for page in sorted(pages(), key=lambda p: (p.parent != DOCS, p.stem != "index", p))}
    for page in titles:
        target = site / page.relative_to(DOCS).with_suffix(".html")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_html(page, titles))
    for image in DOCS.rglob("*.png"):
        target = site / image.relative_to(DOCS)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, target)
    (site / "style.css").write_text(STYLE.lstrip())
    return len(titles)


def main() -> int:
    """Check, and build unless only a check was asked for; 1 when anything is out of step."""
    if "--write" in sys.argv:
        write_generated()
    wrong = problems()
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    if not wrong and "--check" not in sys.argv:
        print(f"{build(SITE)} pages in {SITE.relative_to(ROOT)}/index.html")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
