"""A letter on paper: as plain text, and as a page that mail programs show, light or dark, in either direction.

Nothing is fetched from anywhere, so nobody learns that it was opened.
"""

from html import escape

from openchair.chair.ports import Letter

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})

_STYLE = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a:focus { outline: 3px solid #0e6a61; outline-offset: 2px; }
@media (prefers-color-scheme: dark) {
  .ground { background: #171613 !important; }
  .sheet { background: #1e1d19 !important; border-color: #34312c !important; }
  .ink { color: #ece8e0 !important; } .soft { color: #aaa499 !important; }
  .score { background: #262420 !important; border-color: #857e73 !important; color: #ece8e0 !important; }
  .go { background: #6cc5b8 !important; color: #10201d !important; }
}
"""
_FONT = (
    "font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Nastaliq Urdu', 'Noto Sans Thai', "
    "sans-serif;"
)

_BOX = (
    "display: block; padding: 12px 0; border: 1px solid #8c857a; border-radius: 6px; background: #f3f0ea; "
    "color: #1e1c19; font-size: 15px; text-align: center; text-decoration: none;"
)
_GO = (
    "display: inline-block; padding: 12px 20px; border-radius: 8px; background: #0e6a61; color: #ffffff; "
    "font-size: 16px; text-decoration: none;"
)
_END = "padding: 8px 1px 0; font-size: 13px; color: #645f57;"


def plain(letter: Letter) -> str:
    """The letter without any form."""
    first, last = letter.ends
    scale = f"{letter.choices[0][0]} {first} - {letter.choices[-1][0]} {last}" if letter.choices and first else ""
    answer = f"{letter.link[0]}:\n{letter.link[1]}" if letter.link[1] else ""
    parts = (letter.text, letter.question, scale, answer, "--", letter.footer, f"{letter.leave[0]}:\n{letter.leave[1]}")
    return "\n\n".join(part for part in parts if part) + "\n"


def html(letter: Letter, shop: str) -> str:
    """The letter as one page without anything from outside."""
    way = "rtl" if letter.language in RIGHT_TO_LEFT else "ltr"
    words = {name: escape(getattr(letter, name)) for name in ("title", "footer", "language")}
    leave = [escape(part) for part in letter.leave]
    trap = f'<a href="{escape(letter.trap)}" style="display: none;" tabindex="-1" aria-hidden="true"></a>\n'
    trap = trap if letter.trap else ""
    return f"""<!doctype html>
<html lang="{words["language"]}" dir="{way}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{words["title"]}</title>
<style>{_STYLE}</style>
</head>
<body class="ground" style="margin: 0; padding: 24px 12px; background: #fbfaf7; {_FONT}">
<div role="article" aria-label="{words["title"]}" lang="{words["language"]}" dir="{way}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="sheet" style="max-width: 560px; \
background: #ffffff; border: 1px solid #e5e0d7; border-radius: 12px;">
<tr><td style="padding: 28px 24px;">
<p class="soft" style="margin: 0 0 20px; font-size: 14px; color: #645f57;">{escape(shop)}</p>
{_said(letter)}</td></tr></table>
<p class="soft" style="max-width: 512px; margin: 20px auto 0; font-size: 13px; line-height: 1.7; color: #645f57;">\
{words["footer"]}<br><a href="{leave[1]}" class="soft" style="color: #645f57;">{leave[0]}</a></p>
</td></tr></table>
{trap}</div>
</body>
</html>
"""


def _said(letter: Letter) -> str:
    """The text, a paragraph for each of its own; then what is asked, and where it is answered."""
    ink = 'class="ink" style="margin: 0 0 20px; font-size: 16px; line-height: 1.7; color: #1e1c19;"'
    parts = [f"<p {ink}>{escape(one.strip())}</p>" for one in letter.text.split("\n") if one.strip()]
    if letter.question:
        head = "margin: 0 0 20px; font-size: 22px; line-height: 1.5; font-weight: 600; color: #1e1c19;"
        parts.append(f'<h1 class="ink" style="{head}">{escape(letter.question)}</h1>')
    whole = "".join(f"{part}\n" for part in parts) + _scores(letter)
    if letter.link[1]:
        word, where = (escape(part) for part in letter.link)
        whole += f'<p style="margin: 0 0 4px;"><a href="{where}" class="go" style="{_GO}">{word}</a></p>\n'
    return whole


def _scores(letter: Letter) -> str:
    """What can be answered with one click, in one row of cells that shrink with the screen."""
    if not letter.choices:
        return ""
    width = 100 // len(letter.choices)
    cells = "\n".join(
        f'<td width="{width}%" style="padding: 0 1px;"><a href="{escape(where)}" class="score ink" style="{_BOX}">'
        f"{escape(word)}</a></td>"
        for word, where in letter.choices
    )
    first, last = map(escape, letter.ends)
    far = "left" if letter.language in RIGHT_TO_LEFT else "right"
    soft = f'<td class="soft" style="{_END}"'
    ends = f'<tr>{soft}>{first}</td>{soft} align="{far}">{last}</td></tr>'
    row = '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"'
    below = f"{row}>{ends}</table>\n" if first or last else ""
    return (
        f'{row} style="table-layout: fixed;"><tr>\n{cells}\n</tr></table>\n{below}<p style="margin: 0 0 20px;"></p>\n'
    )
