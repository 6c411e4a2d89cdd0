"""Made-up values of the right format, put together at run time.

Every value comes from a random generator seeded with the kind and the name of the case, so that it
is the same at every run, opens nothing, and stands in no file of this repository. Prefixes that
scanners look for are joined from pieces for the same reason.
"""

from __future__ import annotations

import base64
import io
import json
import string
import zlib
from collections.abc import Callable
from random import Random

from PIL import Image

Maker = Callable[[Random], str]

DIGITS = string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase
LOWER = string.ascii_lowercase
BASE32 = UPPER + "234567"
BASE62 = string.ascii_letters + DIGITS
BASE64 = BASE62 + "+/"
URL64 = BASE62 + "-_"

# Passwords as people make them. The pieces are joined with nothing between them.
_HUMAN = (
    ("Tr0ub4dor", "-and-3"),
    ("hunter2", "-prod!"),
    ("Rahasia", "2024"),
    ("Merdeka", "1945!"),
    ("correct-horse", "-battery-staple"),
    ("Jakarta", "_Raya88"),
    ("Winter", "2024!"),
    ("P4ss", "w0rd99x"),
    ("kopi", "Tubruk77"),
    ("Garuda", "Pancasila17"),
    ("BlueHorse", "42!"),
    ("iloveyou", "3000more"),
    ("Bandung", "Juara_1"),
    ("s3cur3", "Db.x9"),
    ("Zx9", "!kLm2vQ"),
    ("0pen", "S3same-lab"),
)
_WORDS = ("Kopi", "Susu", "River", "Tiger", "Mangga", "Falcon", "Bakso", "Copper", "Hujan", "Maple")
_SEED_WORDS = (
    "acid alpha banner cabin dawn echo fabric galaxy harbor island jungle kitchen ladder "
    "magnet narrow ocean paddle quantum ribbon saddle timber umbrella velvet window yellow zebra"
)


def _some(rng: Random, number: int, alphabet: str = BASE62) -> str:
    return "".join(rng.choice(alphabet) for _ in range(number))


def _of(*parts: str | tuple[int, str]) -> Maker:
    """A maker that joins fixed text and runs of random characters."""

    def make(rng: Random) -> str:
        return "".join(p if isinstance(p, str) else _some(rng, *p) for p in parts)

    return make


def _human(rng: Random) -> str:
    if rng.random() < 0.6:
        return "".join(rng.choice(_HUMAN))
    first, second = rng.sample(_WORDS, 2)
    return f"{first}{second}{rng.randrange(10, 99)}{rng.choice('!.-_')}{_some(rng, 2)}"


def _human_around(within: str, end: str = "!") -> Maker:
    """A password with a sign in it that templates and prompts have, too."""

    def make(rng: Random) -> str:
        first, second = rng.sample(_WORDS, 2)
        return f"{first}{within}{second}{rng.randrange(10, 99)}{end}"

    return make


def _human_in_url(rng: Random) -> str:
    return _human(rng).replace("!", "-")


def _human_encoded(rng: Random) -> str:
    return _human_in_url(rng) + "%40" + str(rng.randrange(10, 99)) + "%23x"


def _uuid(rng: Random) -> str:
    text = _some(rng, 32, HEX)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _github_classic(rng: Random) -> str:
    """A token with the check sum that GitHub puts at the end of its own."""
    body = _some(rng, 30)
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        check = (DIGITS + UPPER + LOWER)[rest] + check
    return "gh" + "p_" + body + check


def _url64(value: object) -> str:
    return (
        base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


def _jwt_of(role: str) -> Maker:
    def make(rng: Random) -> str:
        head = _url64({"alg": "HS256", "typ": "JWT"})
        body = _url64({"iss": _some(rng, 8, LOWER), "ref": _some(rng, 20, LOWER), "role": role})
        return ".".join([head, body, _some(rng, 43, URL64)])

    return make


def _pem(label: str, lines: int, begin: str = "") -> Maker:
    def make(rng: Random) -> str:
        body = begin + _some(rng, 64 * lines - len(begin) - 20, BASE64)
        wrapped = [body[at : at + 64] for at in range(0, len(body), 64)]
        rule = "-" * 5
        top, end = f"{rule}BEGIN {label}{rule}", f"{rule}END {label}{rule}"
        return "\n".join([top, *wrapped, end])

    return make


def _mapbox(rng: Random) -> str:
    return (
        "s" + "k." + _url64({"u": _some(rng, 9, LOWER), "a": _some(rng, 25)}) + "." + _some(rng, 22)
    )


def _basic(rng: Random) -> str:
    return base64.b64encode(f"reporting:{_human(rng)}".encode()).decode()


def _fernet(rng: Random) -> str:
    return base64.urlsafe_b64encode(rng.randbytes(32)).decode()


def _totp(rng: Random) -> str:
    return _some(rng, 32, BASE32)


def _mnemonic(rng: Random) -> str:
    return " ".join(rng.sample(_SEED_WORDS.split(), 12))


def _pypi(rng: Random) -> str:
    return "py" + "pi-" + "AgEI" + "cHlwaS5vcmc" + _some(rng, 150, URL64)


def _png(rng: Random) -> str:
    image = Image.frombytes("RGB", (24, 24), rng.randbytes(24 * 24 * 3))
    written = io.BytesIO()
    image.save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode()


def _array(rng: Random) -> str:
    return base64.b64encode(rng.randbytes(8 * 40)).decode()


# Passwords of the unseen cases, which share no piece with those above.
_PEOPLE = ("fitri", "Rizky", "dinaAyu", "bayu", "Wulan", "hendra", "nabila", "Yusuf", "marcus")
_LOVED = ("persib", "arsenal", "semangat", "bismillah", "sakura", "Snoopy", "pempek", "liverpool")
_WALKS = ("1qaz2wsx", "zaq12wsx", "qweasd", "asdfjkl", "Qwe123", "poiuy")


def _people_with(signs: str) -> Maker:
    def make(rng: Random) -> str:
        sign = rng.choice(signs)
        match rng.randrange(5):
            case 0:
                return f"{rng.choice(_PEOPLE)}{sign}{rng.randrange(1979, 2009)}"
            case 1:
                return f"{rng.choice(_LOVED)}{rng.randrange(7, 99)}{sign}{rng.choice(_PEOPLE)}"
            case 2:
                return f"{rng.choice(_WALKS)}{sign}{_some(rng, 3, DIGITS)}"
            case 3:
                return f"{_some(rng, 5)}{sign}{_some(rng, 5)}"
            case _:
                return f"{rng.choice(_LOVED)}{rng.choice(_PEOPLE)}{_some(rng, 3, DIGITS)}"

    return make


def _app_password(rng: Random) -> str:
    return " ".join(_some(rng, 4, LOWER) for _ in range(4))


def _neptune(rng: Random) -> str:
    address = "https://app.neptune.ai"
    return base64.b64encode(
        json.dumps({"api_address": address, "api_url": address, "api_key": _uuid(rng)}).encode()
    ).decode()


def _prefixed_uuid(prefix: str) -> Maker:
    return lambda rng: prefix + _uuid(rng)


_PRIVATE = "PRIVATE " + "KEY"

# What gives entry somewhere, by kind.
SECRETS: dict[str, Maker] = {
    "human": _human,
    "human-url": _human_in_url,
    "human-encoded": _human_encoded,
    "human-dollar": _human_around("$x"),
    "human-dollars": _human_around("$$"),
    "human-format": _human_around("%s"),
    "human-dots": _human_around("..."),
    "human-stars": _human_around("***"),
    "human-tag": _human_around("<b>"),
    "human-braces": _human_around("{lab}"),
    "human-todo": _human_around("metodo"),
    "human-heart": lambda rng: "<3" + _human_around("-")(rng),
    "human-question": _human_around("-", "?"),
    "human-colon": _human_around("#", ":"),
    "human-divisi": _human_around("-Divisi-"),
    "random-16": _of((16, BASE62)),
    "random-24": _of((24, BASE62)),
    "random-32": _of((32, BASE62)),
    "random-40": _of((40, BASE62)),
    "hex-32": _of((32, HEX)),
    "hex-40": _of((40, HEX)),
    "hex-64": _of((64, HEX)),
    "uuid-key": _uuid,
    "pin": _of((8, DIGITS)),
    "airtable": _of("pa", "t", (14, BASE62), ".", (64, HEX)),
    "alphavantage": _of((16, UPPER + DIGITS)),
    "anthropic": _of("sk", "-ant-", "api03-", (93, URL64), "AA"),
    "atlassian": _of("ATA", "TT3x", "FfGF0", (170, URL64), "=", (8, "0123456789ABCDEF")),
    "aws-id": _of("AK", "IA", (16, BASE32)),
    "aws-secret": _of((40, BASE64)),
    "azure-ad": _of((3, BASE62), "8", "Q~", (34, BASE62 + "-_.")),
    "azure-storage": _of((86, BASE64), "=="),
    "azure-sas": _of((43, BASE62), "%3D"),
    "basic": _basic,
    "cloudflare": _of((40, URL64)),
    "databricks": _of("da", "pi", (32, HEX)),
    "digitalocean": _of("dop", "_v1_", (64, HEX)),
    "discord-bot": _of("MT", (24, BASE62), ".G", (5, BASE62), ".", (38, URL64)),
    "discord-webhook": _of("https://discord.com/api/", "webhooks/", (18, DIGITS), "/", (68, URL64)),
    "django": _of((50, LOWER + DIGITS + "!@#$^&*(-_=+)")),
    "docker": _of("dckr", "_pat_", (27, URL64)),
    "doppler": _of("dp.", "pt.", (43, BASE62)),
    "dropbox": _of("sl", ".", (135, URL64)),
    "ec-key": _pem("EC " + _PRIVATE, 3, "MHcCAQEE"),
    "elevenlabs": _of("sk", "_", (48, HEX)),
    "ethereum": _of("0x", (64, HEX)),
    "fernet": _fernet,
    "figma": _of("fig", "d_", (40, URL64)),
    "github": _github_classic,
    "github-fine": _of("github", "_pat_", (22, BASE62), "_", (59, BASE62)),
    "gitlab": _of("gl", "pat-", (20, URL64)),
    "google-api": _of("AI", "za", "Sy", (33, URL64)),
    "google-oauth": _of("GOC", "SPX-", (28, URL64)),
    "grafana": _of("gl", "sa_", (32, BASE62), "_", (8, HEX)),
    "groq": _of("gs", "k_", (52, BASE62)),
    "heroku": _of("HRK", "U-", "AA", (58, URL64)),
    "huggingface": _of("h", "f_", (34, string.ascii_letters)),
    "jwt": _jwt_of("analyst"),
    "langsmith": _of("lsv2", "_pt_", (32, HEX), "_", (10, HEX)),
    "linear": _of("lin", "_api_", (40, BASE62)),
    "mailgun": _of("ke", "y-", (32, HEX)),
    "mapbox": _mapbox,
    "midtrans": _of("Mid", "-server-", (24, URL64)),
    "mnemonic": _mnemonic,
    "newrelic": _of("NR", "AK-", (27, UPPER + DIGITS)),
    "notion": _of("nt", "n_", (11, DIGITS), (35, BASE62)),
    "npm": _of("np", "m_", (36, BASE62)),
    "nvidia": _of("nv", "api-", (64, URL64)),
    "openai": _of("s", "k-", (20, BASE62), "T3Blbk", "FJ", (20, BASE62)),
    "openai-project": _of("s", "k-pr", "oj-", (74, URL64), "T3Blbk", "FJ", (74, URL64)),
    "openrouter": _of("s", "k-or-", "v1-", (64, HEX)),
    "openssh-key": _pem("OPENSSH " + _PRIVATE, 6, "b3BlbnNzaC1rZXktdjEAAAAA"),
    "pgp-key": _pem("PGP " + _PRIVATE + " BLOCK", 6, "lQOYBF"),
    "pinecone": _of("pc", "sk_", (6, BASE62), "_", (63, BASE62)),
    "planetscale": _of("pscale", "_tkn_", (43, URL64)),
    "postman": _of("PM", "AK-", (24, HEX), "-", (34, HEX)),
    "pypi": _pypi,
    "rapidapi": _of((10, HEX), "msh", (15, HEX), "p1", (6, HEX), "jsn", (11, HEX)),
    "replicate": _of("r", "8_", (37, BASE62)),
    "rsa-key": _pem("RSA " + _PRIVATE, 12, "MIIEowIBAAKCAQEA"),
    "pkcs8-key": _pem(_PRIVATE, 12, "MIIEvgIBADANBgkqhkiG9w0BAQEFAASC"),
    "sendgrid": _of("S", "G.", (22, URL64), ".", (43, URL64)),
    "sentry-user": _of("sntry", "u_", (64, HEX)),
    "shopify": _of("shp", "at_", (32, HEX)),
    "slack-bot": _of("xo", "xb-", (12, DIGITS), "-", (13, DIGITS), "-", (24, BASE62)),
    "slack-webhook": _of(
        "https://hooks.",
        "slack.com/",
        "services/T",
        (8, UPPER),
        "/B",
        (10, UPPER),
        "/",
        (24, BASE62),
    ),
    "square": _of("EA", "AA", (60, URL64)),
    "stripe": _of("s", "k_li", "ve_", (24, BASE62)),
    "stripe-webhook": _of("wh", "sec_", (32, BASE62)),
    "supabase": _jwt_of("service_role"),
    "tailscale": _of("ts", "key-auth-", (12, BASE62), "CNTRL-", (32, BASE62)),
    "telegram": _of("7", (9, DIGITS), ":", "AA", (33, URL64)),
    "terraform": _of((14, BASE62), ".atlas", "v1.", (67, URL64)),
    "totp": _totp,
    "twilio": _of((32, HEX)),
    "twilio-key": _of("S", "K", (32, HEX)),
    "twitter": _of("AAAAAAAAAAAAAAAAAAAAA", (40, BASE62), "%3D", (44, BASE62)),
    "vault": _of("hv", "s.", (90, URL64)),
    "xendit": _of("xnd_", "production_", (48, BASE62)),
}

# The same for the unseen cases.
UNSEEN_SECRETS: dict[str, Maker] = {
    "people": _people_with("@#!*_"),
    "people-plain": _people_with("._-"),
    "manager-20": _of((1, LOWER), (19, BASE62 + "!#*+-_@")),
    "manager-14": _of((1, UPPER), (13, BASE62)),
    "app-password": _app_password,
    "app-password-run": _of((16, LOWER)),
    "pin-6": _of((6, DIGITS)),
    "lower-20": _of((20, LOWER + DIGITS)),
    "upper-20": _of((20, BASE62)),
    "random-25": _of((25, BASE62)),
    "random-43": _of((43, URL64)),
    "random-64": _of((64, BASE62)),
    "hex-48": _of((48, HEX)),
    "aiven": _of("AV", "NS_", (18, URL64)),
    "aws-session-id": _of("AS", "IA", (16, BASE32)),
    "aws-session-token": _of("IQoJ", "b3JpZ2luX2Vj", (320, BASE64), "=="),
    "azure-bus": _of((43, BASE64), "="),
    "azure-devops": _of((52, LOWER + "234567")),
    "dbt": _of("db", "tc_", (38, URL64)),
    "deepseek": _of("s", "k-", (32, HEX)),
    "facebook": _of("EA", "AG", (170, BASE62)),
    "firecrawl": _of("f", "c-", (32, HEX)),
    "foursquare": _of("fs", "q3", (44, BASE64), "="),
    "gemini": _of("AQ", ".Ab8RN6", (43, URL64)),
    "github-oauth": _of("gh", "o_", (36, BASE62)),
    "google-access": _of("ya", "29.", "a0A", (160, URL64)),
    "google-refresh": _of("1/", "/0g", (98, URL64)),
    "hubspot": _prefixed_uuid("pat" + "-na1-"),
    "jina": _of("ji", "na_", (32, HEX), (28, URL64)),
    "jwt-user": _jwt_of("authenticated"),
    "kaggle-new": _of("KG", "AT_", (32, HEX)),
    "langfuse": _prefixed_uuid("s" + "k-lf-"),
    "neon": _of("np", "g_", (12, BASE62)),
    "neptune": _neptune,
    "ngrok": _of("2", (26, BASE62), "_", (21, BASE62)),
    "okta": _of("00", (40, URL64)),
    "perplexity": _of("pp", "lx-", (48, BASE62)),
    "prefect": _of("pn", "u_", (36, BASE62)),
    "salesforce": _of((24, BASE62)),
    "stripe-restricted": _of("r", "k_li", "ve_", (99, BASE62)),
    "tavily": _of("tv", "ly-", "dev-", (32, BASE62)),
    "xai": _of("x", "ai-", (80, BASE62)),
}

# What looks like a secret and is none, by kind.
INNOCENT: dict[str, Maker] = {
    "md5": _of((32, HEX)),
    "sha1": _of((40, HEX)),
    "sha256": _of((64, HEX)),
    "short-commit": _of((7, HEX)),
    "sha512-base64": _of((86, BASE64), "=="),
    "uuid": _uuid,
    "hex-id": _of((32, HEX)),
    "hex-block": _of((400, HEX)),
    "png": _png,
    "array": _array,
    "digits-18": _of((18, DIGITS)),
    "dna": _of((80, "ACGT")),
    "public-key": _pem("PUBLIC " + "KEY", 6, "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"),
    "certificate": _pem("CERTIFICATE", 14, "MIID"),
    "ssh-public": _of("ssh-", "ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", (43, BASE64)),
    "ssh-rsa-public": _of("ssh-", "rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ", (320, BASE64)),
    "fingerprint": _of("SHA256:", (43, BASE64)),
    "sheet-id": _of("1", (43, URL64)),
    "youtube-id": _of((11, URL64)),
    "account-sid": _of("A", "C", (32, HEX)),
    "sample-aws-id": _of("AK", "IA", "IOSFODNN7", "EXAM", "PLE"),
    "sample-aws-secret": _of("wJalrXUtn", "FEMI/K7MDENG/", "bPxRfiCY", "EXAM", "PLEKEY"),
    "private-header": _of("-" * 5, "BEGIN ", _PRIVATE, "-" * 5),
    "svg-path": lambda rng: " ".join(
        f"{rng.choice('CLQ')}{rng.uniform(0, 300):.3f},{rng.uniform(0, 300):.3f}" for _ in range(24)
    ),
    "pickle": lambda rng: base64.b64encode(b"\x80\x04\x95" + rng.randbytes(180)).decode(),
    "base32-words": _of((24, BASE32)),
    "nonce": _of((22, BASE64)),
    "esc": _of("\x1b"),
}

UNSEEN_INNOCENT: dict[str, Maker] = {
    "object-id": _of("65", (22, HEX)),
    "tx-hash": _of("0x", (64, HEX)),
    "wallet-address": _of("0x", (40, HEX)),
    "btc-address": _of("bc1q", (38, LOWER + DIGITS)),
    "publish-id": _of("2PACX-1vT", (76, URL64)),
    "form-id": _of("1FAIpQLS", (48, URL64)),
    "host-id": _of((75, BASE64), "="),
    "request-id": _of((16, UPPER + DIGITS)),
    "chat-id": _of("chatcmpl-", (29, BASE62)),
    "fp-id": _of("fp_", (10, HEX)),
    "track-id": _of((22, BASE62)),
    "run-8": _of((8, LOWER + DIGITS)),
    "cell-12": _of((12, BASE62)),
    "hex-12": _of((12, HEX)),
    "hex-16": _of((16, HEX)),
    "wkb": _of("0101000020E6100000", (32, HEX)),
    "quality": _of((70, "FGHIJKABCDE:?@")),
    "sri-384": _of("sha384-", (64, BASE64)),
    "digits-12": _of((12, DIGITS)),
    "arrow": lambda rng: base64.b64encode(b"ARROW1\0\0" + rng.randbytes(130)).decode(),
}

_ALL = {**SECRETS, **INNOCENT, **UNSEEN_SECRETS, **UNSEEN_INNOCENT}


def make(kind: str, seed: str) -> str:
    """The value of this kind that belongs to the case of this name."""
    return _ALL[kind](Random(f"{kind}/{seed}"))


def core(text: str) -> str:
    """What a finder must name: of a key in several lines its first line of data, else the value."""
    return text.split("\n")[1] if "\n" in text else text
