"""The mask: no form of a secret value passes, and what is no secret stays as it is."""

from __future__ import annotations

import base64
import html
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from making import few, many

from nb2space.runtime.masking import MASK, Mask
from nb2space.runtime.undoing import as_seen

SECRET = "sk-live \"é/+&\\x%5 <ü𝄞>'"
KEY = "\n".join(
    [
        "-----BEGIN PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
        "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu",
        "dGVzdA==",
        "-----END PRIVATE KEY-----",
        "",
    ]
)


def lower_hex(text: str) -> str:
    """A URL's escapes with small letters."""
    first, *others = quote(text, safe="").split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in others)])


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "quoted": quote,
    "quoted, slashes too": lambda text: quote(text, safe=""),
    "quoted, small digits": lower_hex,
    "quoted as in a form": quote_plus,
    "quoted twice": lambda text: quote(quote(text)),
    "a query": lambda text: urlencode({"token": text})[len("token=") :],
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON of any letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "JSON for a page": lambda text: (
        json.dumps(text)[1:-1].replace("<", "\\u003c").replace("'", "\\u0027")
    ),
    "JSON in a URL": lambda text: quote(json.dumps(text)[1:-1]),
    "Python": lambda text: repr(text)[1:-1],
    "Python's ASCII": lambda text: ascii(text)[1:-1],
    "Python's bytes": lambda text: repr(text.encode())[2:-1],
    "HTML": html.escape,
    "HTML of Jinja": lambda text: html.escape(text).replace("&#x27;", "&#39;").replace(
        "&quot;", "&#34;"
    ),
    "HTML by numbers": lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "JSON in HTML": lambda text: html.escape(json.dumps(text)[1:-1]),
    "HTML of every letter": lambda text: "".join(
        f"&#{ord(sign)};" if sign.isalnum() else html.escape(sign) for sign in text
    ),
    "coloured": lambda text: f"{text[:5]}\x1b[1;31m{text[5:]}",
    "with a tag": lambda text: f"{html.escape(text[:5])}<wbr>{html.escape(text[5:])}",
    "with a blank of no width": lambda text: f"{text[:5]}\u200b{text[5:]}",
    "hexadecimal": lambda text: text.encode().hex(),
    "HEXADECIMAL": lambda text: text.encode().hex().upper(),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_value_in_any_form_is_masked_as_a_whole(form: str) -> None:
    written = FORMS[form](SECRET)
    masked = Mask([SECRET]).text(f"token {written} here")
    # What is unseen within a value stays.
    assert re.sub("\x1b\\[1;31m|<wbr>|\u200b", "", masked) == f"token {MASK} here"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('Zq9"kT7mWx4B-a', 'Zq9""kT7mWx4B-a'),  # CSV
        ("Rt5'hU8nVy2C-b", "Rt5''hU8nVy2C-b"),  # SQL
        ("Rt5'hU8nVy2C-b", "Rt5'\"'\"'hU8nVy2C-b"),  # shlex.quote
        ("Rt5'hU8nVy2C-b", "Rt5'\\''hU8nVy2C-b"),
        ("W%sdE3{fGt6}Hj-c", "W%%sdE3{{fGt6}}Hj-c"),  # templates
        ("P\xe4ssw\xf6rt-77", "Pa\u0308sswo\u0308rt-77"),
        ("Pa\u0308sswo\u0308rt-77", "P\xe4ssw\xf6rt-77"),
        ("correct horse battery", "correct&nbsp;horse\xa0battery"),
        ("Zq9\xadkT7mWx4Rb2Lp", "Zq9kT7mWx4Rb2Lp"),
    ],
)
def test_what_programs_write_in_the_place_of_a_sign(value: str, written: str) -> None:
    assert Mask([value]).text(f"token {written} here") == f"token {MASK} here"


@pytest.mark.parametrize("unseen", ["&shy;", "&#8203;", "\u200e", "\u034f", "\x1b7", "\x1b(B"])
def test_what_nobody_sees_hides_no_value(unseen: str) -> None:
    masked = Mask(["Kf83jQzP0xVw6TnB"]).text(f"Kf83jQzP{unseen}0xVw6TnB")
    assert masked.replace(unseen, "") == MASK


distinct = st.text(min_size=8, max_size=24).map(str.strip).filter(lambda text: len(text) >= 8)
around = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@many
@given(distinct, around, around, st.sampled_from(list(FORMS)))
@example("        x", "", "", "plain")
@example("0000000\xad", "0", "0000000\xad", "HTML of every letter")
def test_nothing_is_left_of_a_value(value: str, before: str, after: str, form: str) -> None:
    value = value.strip()
    assume(len(value) >= 8 and len(as_seen(value)) >= 4 and MASK[0] not in value)
    written = FORMS[form](value)
    masked = Mask([value]).text(f"{before}{written}{after}")
    assert MASK in masked
    # The beginning of what follows may look like the end of an escape, and goes with it.
    assert written not in masked and value not in masked


@many
@given(st.text(min_size=8, max_size=40), st.binary(max_size=20), st.binary(max_size=20))
def test_base64_at_any_place_of_other_bytes(value: str, before: bytes, after: bytes) -> None:
    value = value.strip()
    assume(len(value) >= 8)
    mask = Mask([value])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(before + value.encode() + after).decode()
        masked = mask.text(whole)
        assert MASK in masked
        # At most one character before tells some bits of the value.
        start = len(before) * 8 // 6
        assert masked.index(MASK) <= start + 1
        tail = masked.rsplit(MASK, 1)[1]
        assert len(tail) <= len(whole) - (len(before) + len(value.encode())) * 8 // 6


@pytest.mark.parametrize("length", [48, 57])
def test_base64_in_lines(length: int) -> None:
    key = "correct-horse/battery-staple-2024"
    raw = b"x" * 30 + key.encode() + b"y" * 90
    lines = [base64.b64encode(raw[at : at + length]).decode() for at in range(0, 153, length)]
    for ends in ("\n", "\r\n", "\\n"):
        masked = Mask([key]).text(ends.join(lines))
        assert MASK in masked
        before = re.sub(r"\s|\\n", "", masked.partition(MASK)[0])
        shown = base64.b64decode(before[: len(before) // 4 * 4])
        assert not re.search(b"[^x]{2}", shown) and lines[1][:20] not in masked


def test_tags_around_a_broken_value_stay() -> None:
    mask = Mask(["correct horse"])
    page = "<p>it is <b>corr</b>ect <i>horse</i>, <b>cor</b>rect <u>hor</u>ses</p>"
    assert mask.text(page) == f"<p>it is <b>{MASK}</b><i></i>, <b>{MASK}</b><u></u>s</p>"
    assert mask.text("\x1b[1mcorrect\x1b[0m horses") == f"\x1b[1m{MASK}\x1b[0ms"
    for harmless in (
        "<td>corr</td><td>ect horse</td>", "correct\nhorse", "a &lt; b &amp; <b>c</b>",
        "<!-- x -->", "A" * 70 + "\n" + "B" * 70,
    ):  # fmt: skip
        assert mask.text(harmless) == harmless


def test_a_password_of_basic_authentication() -> None:
    header = "Basic " + base64.b64encode(b"ana:correct horse").decode()
    masked = Mask(["correct horse"]).text(f"Authorization: {header}")
    assert masked.startswith("Authorization: Basic YW5h") and masked.endswith(MASK)
    assert Mask(["correct horse"]).text(quote(header)).endswith(MASK)


@pytest.mark.parametrize("text", ["51234.5", "a1234", "1234567", "x_1234", "é1234", "1234é"])
def test_a_short_value_within_a_word_or_number_stays(text: str) -> None:
    mask = Mask(["1234"])
    assert mask.text(text) == text
    assert mask.data(text.encode()) == text.encode() or "é" in text
    assert mask.data(text.encode("utf-16-le")) == text.encode("utf-16-le") or "é" in text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("1234", MASK),
        ("pin=1234&x", f"pin={MASK}&x"),
        ("(1234)", f"({MASK})"),
        ("1234 1234", f"{MASK} {MASK}"),
        (r'"PIN:\n1234"', rf'"PIN:\n{MASK}"'),
        ("pin%3D1234", f"pin%3D{MASK}"),
        ("pin 31323334.", f"pin {MASK}."),
    ],
)
def test_a_short_value_alone_is_masked(text: str, masked: str) -> None:
    assert Mask(["1234"]).text(text) == masked


def test_what_is_too_short_is_no_secret() -> None:
    mask = Mask(["", "abc", "  a  ", "\n"])
    assert not mask
    assert mask.text("abc a") == "abc a" and mask.data(b"abc") == b"abc"
    assert mask.value({"abc": ["abc"]}) == {"abc": ["abc"]}
    assert not Mask([]) and Mask(["1234"])


def test_case_matters() -> None:
    assert Mask(["CorrectHorse"]).text("correcthorse CorrectHorse") == f"correcthorse {MASK}"


@pytest.mark.parametrize(
    ("value", "harmless"),
    [
        ("https://db.example.org/sales", "//db.example.org/sales"),
        ('{"use_token": true, "key": "abc"}', "true and abc"),
        ("9f8c7b6a5d4e3f2a", "9f8c and 5d4e"),
    ],
)
def test_what_is_no_secret_within_a_value_stays(value: str, harmless: str) -> None:
    assert Mask([value]).text(harmless) == harmless


def test_the_longest_value_wins() -> None:
    mask = Mask(["password", "password-of-ana", "word-of-ana"])
    assert mask.text("password-of-ana password") == f"{MASK} {MASK}"


def test_a_value_of_many_lines_is_masked_whole_and_line_by_line() -> None:
    mask = Mask([KEY])
    lines = KEY.splitlines()
    for written in (KEY.strip(), KEY.strip().replace("\n", "\r\n"), json.dumps(KEY.strip())[1:-1]):
        assert mask.text(f"<{written}>") == f"<{MASK}>"
    assert mask.text(f"line 2: {lines[1]}") == f"line 2: {MASK}"
    assert mask.text(f"line 4: {lines[3]}") == f"line 4: {lines[3]}"
    assert lines[2][4:60] not in mask.text(base64.b64encode(KEY.encode()).decode())


def test_a_key_within_json_is_masked_in_both_forms() -> None:
    account = json.dumps({"type": "service_account", "private_key": KEY}, indent=1)
    mask = Mask([account])
    assert mask.text(account) == MASK
    shown = mask.text(json.loads(account)["private_key"])
    assert shown.splitlines()[1:3] == [MASK, MASK]


@many
@given(distinct, st.binary(max_size=30), st.binary(max_size=30))
def test_bytes_keep_their_length(value: str, before: bytes, after: bytes) -> None:
    value = value.strip()
    assume(len(value) >= 8)
    mask = Mask([value])
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        raw = value.encode(encoding)
        data = before + raw + after
        masked = mask.data(data)
        assert len(masked) == len(data)
        assert raw not in masked and b"*" * (len(value) - 1) in masked
    encoded = base64.b64encode(value.encode())
    assert mask.data(b"x " + encoded) == b"x " + b"*" * len(encoded)


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.binary(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@many
@given(plain_data)
def test_what_has_nothing_to_mask_is_the_same_object(value: Any) -> None:
    assert Mask(["correct horse"]).value(value) is value


def with_secret(value: Any) -> Any:
    """`value` with a secret in each text, key and bytes of it."""
    if isinstance(value, str):
        return f"{value} correct horse"
    if isinstance(value, bytes):
        return value + b" correct horse"
    if isinstance(value, dict):
        return {with_secret(name): with_secret(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(with_secret(item) for item in value)
    return value


@few
@given(plain_data)
def test_every_text_within_data_is_masked(value: Any) -> None:
    masked = Mask(["correct horse"]).value(with_secret(value))
    assert "correct" not in repr(masked)
    assert type(masked) is type(value)


def test_views_of_bytes_are_masked() -> None:
    mask = Mask(["correct horse"])
    assert mask.value(memoryview(b"a correct horse")) == b"a " + b"*" * 13
    assert mask.value(bytearray(b"a correct horse")) == b"a " + b"*" * 13
    harmless = memoryview(b"\x00\x01\x02\x03").cast("i")
    assert mask.value(harmless) is harmless


@many
@given(st.lists(st.text(max_size=30), max_size=4), st.text())
def test_any_values_and_any_text(values: list[str], text: str) -> None:
    mask = Mask(values)
    masked = mask.text(text)
    assert mask.value([text])[0] == masked
    assert len(mask.data(text.encode())) == len(text.encode())


def test_variables_that_are_no_text_are_no_trouble() -> None:
    for value in ("caf\udce9-password", "\ud800 and more of it"):
        mask = Mask([value])
        assert mask.text(f"a {value} b") == f"a {MASK} b"
        assert mask.data(b"nothing") == b"nothing"


@pytest.mark.parametrize(
    "text",
    [
        "<div class='cell'>some text, 12.5 and more of it</div>\n" * 40_000,
        json.dumps([number / 7 for number in range(100_000)]),
        "\\" * 20_000,
        "%25" * 200_000,
        "&amp;" * 200_000,
        "<b>" * 200_000,
        "<" * 200_000,
        "<!--" * 200_000,
        "\x1b[" * 200_000,
        ("A" * 76 + "\n") * 10_000,
    ],
    ids=[
        "html",
        "numbers",
        "backslashes",
        "percents",
        "ampersands",
        "tags",
        "angles",
        "comments",
        "colours",
        "base64",
    ],
)
def test_large_texts_are_no_trouble(text: str) -> None:
    mask = Mask([SECRET, KEY, '\\\\\\\\"\\\\"%%%&&&', "1234"])
    started = time.perf_counter()
    mask.text(text)
    mask.data(text.encode())
    # Some hundredths of a second on an idle machine; a search that explodes takes minutes.
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize(
    ("value", "inner"),
    [
        ("postgresql://ana:Tr0ub4dor-3@db/sales", "Tr0ub4dor-3"),
        ("Bearer 7a8c7b6a5d4e3f2a", "7a8c7b6a5d4e3f2a"),
        ("Server=db;Uid=ana;Pwd=kopiTubruk77;", "kopiTubruk77"),
        ("postgresql://ana:p4ss@Word99@db/sales", "p4ss@Word99"),
        ("postgresql://ana:S3cr%40t-Kopi9@db/sales", "S3cr@t-Kopi9"),
        ("host=db password='Tr0ub 4dor' user=ana", "Tr0ub 4dor"),
        ('{"user": "ana", "password": "kopiTubruk77"}', "kopiTubruk77"),
        ("https://example.org/x?sig=Ab12Cd34Ef56&b=1", "Ab12Cd34Ef56"),
        ("ana:kopiTubruk77", "kopiTubruk77"),
        ("Basic YW5hOm1hbmdnYTk5", "ana:mangga99"),
        ("Basic YW5hOm1hbmdnYTk5", "mangga99"),
        ("S29waVR1YnJ1azc3IQ", "KopiTubruk77!"),
        ("4b6f7069547562727537", "KopiTubru7"),
    ],
)
def test_what_is_secret_within_a_value_is_masked_alone(value: str, inner: str) -> None:
    mask = Mask([value])
    assert mask.text(f"<{value}> <{inner}>") == f"<{MASK}> <{MASK}>"


DRAWN = "Zk3Qm9Xw7Lp2Vr8Tn5Hb4Jd6Gs1Fc0Ya3Ue7Wi9Ko2Mx5Nz8Pq4Rv6St1Bg0Dh3Jl7Cy9Ae2Ix5"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"<td>{DRAWN[:47]}...</td>", f"<td>{MASK}...</td>"),
        ("\n".join([DRAWN[:40], DRAWN[40:]]), f"{MASK}\n{MASK}"),
        (f"{DRAWN[:25]}<...>{DRAWN[-25:]}", f"{MASK}<...>{MASK}"),
        (f"{DRAWN[:20]}<br />\n{DRAWN[20:]}", f"{MASK}<br />\n{MASK}"),
        (f"x{DRAWN[5:30]}y and {DRAWN[60:72]}", f"x{MASK}y and {MASK}"),
        (f"{DRAWN[:11]} {DRAWN[30:41]}", f"{DRAWN[:11]} {DRAWN[30:41]}"),
    ],
)
def test_pieces_of_what_a_machine_has_drawn(text: str, shown: str) -> None:
    assert Mask([DRAWN]).text(text) == shown


CUT = "postgresql://reader:Gr4nite!Lamp-Over-Hills@db:5432/sales"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("url  " + CUT[:29] + "...", f"url  {MASK}..."),
        ("Gr4nite!Lam…", f"{MASK}…"),
        ("reader:Gr4nite!<...>Hills@db", f"reader:{MASK}<...>{MASK}@db"),
        ("Gr4nite!&lt;...&gt;Hills, Gr4n...", f"{MASK}&lt;...&gt;{MASK}, {MASK}..."),
        ("Gr4... and Lamp... and ...Over", "Gr4... and Lamp... and ...Over"),
    ],
)
def test_what_was_cut_at_an_ellipsis(text: str, shown: str) -> None:
    assert Mask([CUT]).text(text) == shown


def test_words_of_a_secret_are_words_elsewhere() -> None:
    text = "The company-database is on company-database-server."
    assert Mask(["company-database-2024!", "company-database-2024"]).text(text) is text


@many
@given(st.integers(0, len(DRAWN) - 12), st.integers(12, len(DRAWN)), st.text(), st.text())
def test_no_piece_passes(start: int, length: int, before: str, after: str) -> None:
    piece = DRAWN[start : start + length]
    shown = Mask([DRAWN]).text(f"{before} {piece} {after}")
    assert not any(piece[n : n + 12] in shown for n in range(len(piece) - 11))
