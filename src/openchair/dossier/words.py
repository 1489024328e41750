"""The words people use for what they must not get, in English, Urdu and Thai, and how text is taken apart to find them.

Words are parted by semicolons. A word may stand for several terms where speakers mean several: a "nut allergy" is taken
to include peanuts. Reading too much costs a gift; reading too little may cost a life. `dossier.rules` reads them.
"""

import re
import unicodedata
from collections.abc import Iterable

import msgspec

WORDS: dict[str, str] = {
    "gluten": (
        "gluten; wheat; rye; barley; oats; spelt; cereals; coeliac; celiac; celiac disease; گلوٹن; گندم; "
        "กลูเตน; ข้าวสาลี; แป้งสาลี"
    ),
    "crustaceans": (
        "crustacean; crustaceans; shrimp; shrimps; prawn; prawns; crab; crabs; lobster; lobsters; جھینگا; "
        "جھینگے; کیکڑا; กุ้ง; ปู"
    ),
    "eggs": "egg; eggs; انڈا; انڈے; انڈوں; ไข่",
    "fish": "fish; salmon; tuna; cod; anchovy; anchovies; مچھلی; ปลา",
    "peanuts": "peanut; peanuts; groundnut; groundnuts; مونگ پھلی; مونگ پھلیاں; مونگپھلی; ถั่วลิสง",
    "soybeans": "soy; soya; soybean; soybeans; tofu; سویا; سویابین; ถั่วเหลือง",
    "milk": (
        "milk; dairy; lactose; cheese; butter; cream; yoghurt; yogurt; casein; whey; دودھ; ڈیری; لیکٹوز; "
        "นม; นมวัว; แลคโตส"
    ),
    "nuts": (
        "tree nut; tree nuts; almond; almonds; hazelnut; hazelnuts; walnut; walnuts; cashew; cashews; "
        "pecan; pecans; brazil nut; brazil nuts; pistachio; pistachios; macadamia; macadamias; بادام; "
        "اخروٹ; کاجو; پستہ; อัลมอนด์; เม็ดมะม่วงหิมพานต์; วอลนัท"
    ),
    "nuts+peanuts": "nut; nuts; گری دار میوے; میوے",
    "nuts+peanuts+soybeans": "ถั่ว",
    "celery": "celery; celeriac; سیلری; ขึ้นฉ่าย; คื่นช่าย",
    "mustard": "mustard; رائی; سرسوں; มัสตาร์ด",
    "sesame": "sesame; sesame seeds; tahini; تل; งา",
    "sulphites": "sulphite; sulphites; sulfite; sulfites; sulphur dioxide; sulfur dioxide; so2; سلفائٹ; ซัลไฟต์",
    "lupin": "lupin; lupine; lupins; لوپین; ลูพิน",
    "molluscs": (
        "mollusc; molluscs; mollusk; mollusks; squid; octopus; mussel; mussels; oyster; oysters; clam; "
        "clams; scallop; scallops; snails; หอย; หมึก; ปลาหมึก"
    ),
    "crustaceans+molluscs": "shellfish; صدفی مچھلی",
    "crustaceans+molluscs+fish": "seafood; سمندری غذا; อาหารทะเล",
    "vegetarian": "vegetarian; vegetarians; veggie; meat; سبزی خور; گوشت; มังสวิรัติ; เนื้อสัตว์",
    "vegan": "vegan; plant based; ویگن; วีแกน; อาหารเจ; กินเจ",
    "pescatarian": "pescatarian; pescetarian",
    "halal+no alcohol": "halal; حلال; ฮาลาล",
    "kosher": "kosher; کوشر; โคเชอร์",
    "no alcohol": (
        "alcohol; alcoholic; wine; beer; spirits; liquor; teetotal; sober; شراب; الکحل; แอลกอฮอล์; เหล้า; ไวน์; เบียร์"
    ),
    "no pork": "pork; bacon; ham; سور; หมู; เนื้อหมู",
    "no beef": "beef; گائے کا گوشت; เนื้อวัว",
    "no calls": "call; calls; phone; phone call; phone calls; telephone; ring; فون; کال; โทร; โทรศัพท์; โทรหา",
    "no e-mail": "email; emails; e mail; e mails; ای میل; อีเมล",
    "no letters": "letter; letters; post; postal mail; paper mail; خط; จดหมาย",
    "no e-mail+no letters": "mail; mailings; ڈاک",
    "no messages": "sms; text; texts; text message; text messages; whatsapp; message; messages; پیغام; ข้อความ",
    "no visits": "visit; visits; come by; visitors",
    "no gifts": "gift; gifts; present; presents; surprise; surprises; تحفہ; تحفے; ของขวัญ",
    "no flowers": "flower; flowers; bouquet; bouquets; pollen; lilies; پھول; پھولوں; ดอกไม้",
    "no calls+no e-mail+no letters+no messages+no visits": "contact; contacts; any contact; رابطہ; ติดต่อ",
    "under age": "under age; underage; under 18",
}
"""Terms (joined by +) and the words that stand for them."""

RELIGIONS: dict[str, str] = {
    "halal+no alcohol": "muslim; islam; islamic; مسلمان; مسلم; اسلام; มุสลิม; อิสลาม",
    "kosher": "jewish; judaism; jew; یہودی; ยิว",
    "no beef": "hindu; hinduism; ہندو; ฮินดู",
    "vegetarian": "jain; jainism",
}
"""Faiths whose food rules are kept unless the customer says otherwise; other faiths set none."""

NOTHING = (
    "none; no; false; 0; nothing; no allergies; no allergy; none known; no known; no known allergies; "
    "nka; nkda; not allergic; i eat everything; everything; omnivore; no diet; no food allergies; "
    "anything; no restrictions; no dietary restrictions; no special diet; نہیں; کوئی نہیں; کوئی الرجی "
    "نہیں; ไม่มี; ไม่แพ้; ไม่แพ้อาหาร; ไม่มีอาการแพ้"
)
"""What people write to declare that there is nothing."""

SILENCE = (
    "unknown; ?; -; n/a; na; null; not asked; not known; tbd; nan; undefined; prefer not to say; نامعلوم; "
    "معلوم نہیں; ไม่ทราบ; ไม่รู้"
)
"""What stands in a field that nobody filled in: it declares nothing."""

FILLERS = (
    "a; all; allergic; allergies; allergy; allergen; allergens; am; an; and; any; are; at; avoid; based; "
    "be; by; contain; contains; containing; cannot; can; t; diet; dietary; do; don; dont; eat; eating; "
    "food; foods; free; from; give; has; have; i; in; intolerance; intolerant; is; it; known; life; me; "
    "mild; mildly; my; never; no; not; of; only; or; please; product; products; sensitive; send; "
    "sensitivity; serious; seriously; severe; severely; strict; strictly; strong; strongly; the; "
    "threatening; to; traces; us; very; with; without; you; anaphylaxis; anaphylactic; سے; الرجی; ہے; کی; "
    "کا; کے; کو; مجھے; میں; اور; نہ; نہیں; مت; شدید; بھیجیں; کریں; แพ้; และ; ฉัน; ผม; ดิฉัน; ค่ะ; ครับ; "
    "มาก; ไม่; กิน; ห้าม; อาหาร; หรือ; รุนแรง; ส่ง; ให้"
)
"""Words around the telling ones; anything else left over in a declaration is something we do not know."""


def normal(text: str) -> str:
    """Text as it is compared: one case, one form of each letter, words parted by single blanks.

    >>> normal(" No_Calls! ")
    'no calls'
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ي", "ی").replace("ك", "ک")
    return " ".join(re.sub(r"[_\-'’.!()\"*:]+", " ", plain).split())


def split(words: str) -> list[str]:
    """The words of a row of one of the tables here, as they are compared."""
    return [normal(word) for word in words.split(";")]


def pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, longest first; Thai is written without blanks, so there a word may stand inside others."""
    longest = sorted(set(words), key=lambda word: (-len(word), word))
    thai = "\u0e00-\u0e7f"
    bounded = [re.escape(w) if re.match(f"[{thai}]", w) else rf"(?<!\w){re.escape(w)}(?!\w)" for w in longest]
    return re.compile("|".join(bounded))


IS_NOTHING, IS_SILENCE = frozenset(split(NOTHING)), frozenset({"", *split(SILENCE)})
IS_TRUE = frozenset({"true", "yes", "1", "y", "t", "on", "ہاں", "ใช่"})
_FALSE = frozenset({"false", "no", "0", "n", "f", "off", "نہیں", "ไม่"})
_PARTS = re.compile(r"[,;/\n|،،؛&+]|\band\b|\bor\b")


def pieces(value: str) -> list[str]:
    """The single declarations in a value: text, a list with commas, or JSON.

    >>> pieces("eggs and milk"), pieces('{"eggs": true, "milk": false}')
    (['eggs ', ' milk'], ['eggs'])
    """
    text = value.strip()
    if text[:1] in ("[", "{", '"'):
        try:
            parsed = msgspec.json.decode(text)
        except msgspec.DecodeError:
            parsed = text.strip('[]{}"')
        if isinstance(parsed, dict):
            parsed = [said for said, holds in parsed.items() if normal(str(holds)) not in _FALSE | IS_SILENCE]
        if isinstance(parsed, list):
            return [piece for part in parsed if part is not None for piece in _PARTS.split(str(part))]
        text = str(parsed)
    return [text] if normal(text) in IS_NOTHING | IS_SILENCE else _PARTS.split(text)
