"""Where the sentences of a text begin and end, in languages with full stops and in Thai, which has none."""

import re
from collections.abc import Iterator

LONGEST = 400
"""Characters after which a sentence is cut at a comma or a blank, whatever it says."""
MOST = 200
"""Sentences of one text; in one with more, neighbours are joined."""
FEWEST_LETTERS = 2

_SHORTENED = re.compile(
    "mrs?|ms|dra?|st|n[or]|vs|etc|eg|ie|approx|ca|inc|ltd|co|dept|tel|vol|fig|max|min|jr|sra?|prof|av|pág|tam|obs|ex|qtd"
)
# A stop ends a sentence where a blank or the end follows; the stops of Urdu, Hindi and Chinese need none.
_STOP = re.compile(
    r"(?:[.!?…]+[\"'”’)\]]*(?=\s|$)|[۔؟।。！？]+[\"'”’)\]]*|[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f\u200d]+(?=\s)|\n\s*|:(?=\s))"
)
_THAI_BLANK = re.compile(r"(?<=[\u0e01-\u0e4e])[ \u00a0]+(?=\S)")
# Thai words that go on with what was said; a blank before them is a comma.
_GOES_ON = re.compile(
    "และ|แต่|แค่|แล้ว|หรือ|เพราะ|แม้|ไม่ใช่|ก็|ซึ่ง|โดย|เพื่อ|จน|รวม|เช่น|อย่าง|ทั้ง|ถึง|เลย|เนื่องจาก|ส่วน|กับ|มาก|นะ|ค่ะ|คะ|ครับ|จ้า|ค่า|ๆ|เกิน"
)
# Words that politely end what is said; a blank after them is a full stop. Others often do, before more Thai.
_POLITE = re.compile("(?:ครับ|ค่ะ|คะ|ค่า|จ้า|จ้ะ|จ๊ะ|ฮะ)$")
_ENDS = re.compile("(?:นะ|น้า|เลย|ด้วย|แล้ว|มาก)$")
_SHORT_THAI = 8
_THAI = re.compile(r"[\u0e01-\u0e4e]+")
_LETTER = re.compile(r"[^\W\d_]|[\u0e31-\u0e4e]")
_BEFORE = re.compile(r"([^\W\d_]+)$")


def split(text: str) -> list[tuple[int, int]]:
    """(begins, ends) of each sentence in `text`, in order; what lies between them are blanks.

    Every letter is in one of them. At most MOST of them, and LONGEST characters each where neighbours need not be
    joined for that. A text without letters is one sentence; an empty one has none.

    >>> text = "It came late. Is 3.5 kg right?"
    >>> [text[begins:ends] for begins, ends in split(text)]
    ['It came late.', 'Is 3.5 kg right?']
    """
    pieces = [cut for begins, ends in _whole(text) for cut in _cut(text, begins, ends)]
    if len(pieces) > MOST:
        step = -(-len(pieces) // MOST)
        pieces = [(some[0][0], some[-1][1]) for some in (pieces[i : i + step] for i in range(0, len(pieces), step))]
    return pieces


def _whole(text: str) -> list[tuple[int, int]]:
    """Sentences of any length; those of hardly a letter are part of the next one, at the end of the one before."""
    found: list[tuple[int, int]] = []
    begins = since = letters = 0
    for ends in sorted({*_stops(text), len(text)}):
        letters += len(_LETTER.findall(text, since, ends))
        since = ends
        if letters >= FEWEST_LETTERS:
            found.append((begins, ends))
            begins, letters = ends, 0
    if found:
        found[-1] = (found[-1][0], len(text))
    return found or [(0, len(text))]


def _stops(text: str) -> set[int]:
    """Where sentences may end."""
    found: set[int] = set()
    for stop in _STOP.finditer(text):
        if stop.group()[0] == ".":
            before = _BEFORE.search(text, max(0, stop.start() - 12), stop.start())
            if before and stop.group() == "." and (len(before[1]) == 1 or _SHORTENED.fullmatch(before[1].lower())):
                continue
        if stop.group() == ":":
            line = text[max(text.rfind(mark, 0, stop.start()) for mark in ".!?\n۔؟") + 1 : stop.start()]
            if len(line.split()) < 3:
                continue
        found.add(stop.end())
    for blank in _THAI_BLANK.finditer(text):
        after = _THAI.match(text, blank.end())
        before_at = max(text.rfind(" ", 0, blank.start()), text.rfind("\n", 0, blank.start())) + 1
        before_text, after_text = text[before_at : blank.start()], after.group() if after else ""
        if _GOES_ON.match(after_text) or (before_text.endswith("ๆ") and len(before_text) < _SHORT_THAI):
            continue
        long = min(len(before_text), len(after_text)) >= _SHORT_THAI
        if long or _POLITE.search(before_text) or (after_text and _ENDS.search(before_text)):
            found.add(blank.end())
    return found


def _cut(text: str, begins: int, ends: int) -> Iterator[tuple[int, int]]:
    """A sentence cut where it is too long: at the last comma, else the last blank, else anywhere."""
    while ends - begins > LONGEST:
        least = begins + LONGEST // 2
        at = max(text.rfind(mark, least, begins + LONGEST) for mark in ",،;\n")
        at = at if at > 0 else text.rfind(" ", least, begins + LONGEST)
        at = at + 1 if at > 0 else begins + LONGEST
        yield from _trimmed(text, begins, at)
        begins = at
    yield from _trimmed(text, begins, ends)


def _trimmed(text: str, begins: int, ends: int) -> Iterator[tuple[int, int]]:
    """The span without blanks at its ends; none where only they are."""
    while begins < ends and text[begins].isspace():
        begins += 1
    while ends > begins and text[ends - 1].isspace():
        ends -= 1
    if begins < ends:
        yield begins, ends
