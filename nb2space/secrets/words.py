"""What names mean a secret, and which values are one: the judgement that all readers share."""

from __future__ import annotations

import math
import re
from collections import Counter
from enum import IntEnum


class Meaning(IntEnum):
    """How sure a name says that its value is a secret.

    SURE: any value that is no placeholder. LIKELY: a value that looks made up, such as
    "hunter2-prod!". MAYBE: a value that looks random.
    """

    NONE = 0
    MAYBE = 1
    LIKELY = 2
    SURE = 3


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[A-Za-z])(?=\d)")

# What people make up themselves: any value that is no placeholder is one.
_SURE = {
    "password", "passwd", "pwd", "pass", "passphrase", "passcode", "pw", "sandi", "katasandi",
    "userpassword", "dbpassword", "pswd", "passwort", "passwrd", "pasword", "passowrd", "mnemonic",
    "contrasena", "motdepasse", "senha", "pword", "psw", "dbpw",
}  # fmt: skip
# What machines draw: a plain word is none.
_DRAWN = {
    "apikey", "apitoken", "accesstoken", "accesskey", "secretkey", "privatekey", "authtoken",
    "clientsecret", "authkey", "apisecret", "storagekey", "accountkey", "pat", "masterkey",
    "encryptionkey", "signingkey", "sharedkey", "sharedaccesskey", "consumersecret",
}  # fmt: skip
_LIKELY = {
    "secret", "secrets", "credential", "credentials", "cred", "creds", "bearer", "jwt", "passwords",
    "rahasia", "passphrases", "pin", "kredensial",
}  # fmt: skip
_MAYBE = {
    "token", "auth", "authorization", "key", "salt", "signature", "sig", "sid", "webhook", "cookie",
    "hook", "appid", "sessionid", "session", "kunci", "dsn", "seed",
}  # fmt: skip
_ENDS = ("password", "passwd", "passphrase", "apikey", "secretkey", "accesskey")
# Under a name that says little, shorter values are ids: of films, stations, cells.
_MAYBE_LENGTH = 16
_INDONESIAN = re.compile(r"(?:ku|mu|nya)$")
# "sales_2024", "stations:jawa-barat:v2": words and numbers, which people give to things.
_NAMED = re.compile(
    r"(?:[A-Za-z]?[a-z]+\d{0,2}|[A-Z]+|\d+)(?:[-_.:/ ](?:[A-Za-z]?[a-z]+\d{0,2}|[A-Z]+|\d+))+"
)
_PIN = re.compile(r"\d{4,12}")
_SEED_WORDS = re.compile(r"[a-z]{3,8}(?: [a-z]{3,8}){11,23}")

# A key of one of these is a secret key.
_KEY_OF = {
    "api", "access", "private", "secret", "encryption", "signing", "account", "master",
    "subscription", "storage", "service", "ssh", "aes", "hmac", "fernet", "shared", "auth", "app",
    "application", "license", "consumer", "deploy", "admin", "write", "ingest", "webhook", "rsa",
    "project", "server", "integration", "client", "session", "cipher", "crypto", "user",
}  # fmt: skip
_TOKEN_OF = {
    "access", "refresh", "api", "auth", "bearer", "bot", "session", "secret", "id", "oauth", "hf",
    "github", "gitlab", "slack", "user", "personal", "deploy", "admin", "service", "private", "app",
    "npm", "pypi", "csrf", "login", "account", "registry", "write", "read", "security", "hub",
    "oauth2", "device", "client", "integration", "discord", "telegram", "token", "jwt", "ci", "gh",
}  # fmt: skip

# The last word of names that tell of a secret and hold none.
_ABOUT = {
    "strength", "count", "counts", "type", "types", "field", "fields", "column", "columns", "col",
    "cols", "name", "names", "url", "uri", "urls", "endpoint", "file", "filename", "path", "dir",
    "folder", "length", "len", "size", "min", "max", "limit", "limits", "label", "labels", "prompt",
    "hint", "pattern", "regex", "policy", "format", "header", "headers", "prefix", "suffix", "env",
    "var", "variable", "expiry", "expires", "expiration", "ttl", "timeout", "date", "time", "age",
    "text", "message", "error", "errors", "help", "title", "description", "desc", "placeholder",
    "widget", "input", "box", "button", "form", "rule", "rules", "index", "idx", "ids", "list",
    "embedding", "embeddings", "freq", "frequency", "probability", "prob", "score", "scores",
    "vocab", "map", "mapping", "func", "function", "fn", "provider", "manager", "store", "scope",
    "algorithm", "alg", "method", "mode", "style", "color", "colour", "version", "status", "state",
    "santa", "garden", "level", "reset", "issuer", "audience", "required", "enabled", "valid",
    "visible", "hash", "hashes", "digest", "id", "column1", "number", "usage", "budget", "price",
    "cost", "costs", "rate", "pair", "template", "schema", "kind", "class", "display", "location",
}  # fmt: skip
_NUMBERED = re.compile(r"(?:[A-Za-z]+)?\d+")

_DUMMIES = {
    "string", "str", "text", "varchar", "object", "required", "optional", "hidden", "none", "null",
    "nil", "true", "false", "yes", "no", "bool", "int", "integer", "password", "passwd", "pwd",
    "secret", "token", "key", "apikey", "basic", "bearer", "digest", "oauth", "oauth2", "jwt",
    "login", "user", "username", "admin", "root", "default", "test", "testing", "demo", "sample",
    "example", "dummy", "fake", "mock", "placeholder", "todo", "fixme", "tbd", "changeme", "foo",
    "bar", "baz", "foobar", "unset", "empty", "missing", "invalid", "undefined", "unknown", "value",
    "anonymous", "guest", "public", "private", "redacted", "removed", "masked", "censored", "n/a",
    "sandi", "authorization", "credentials", "passphrase", "hello", "world", "strong", "weak",
    "medium", "low", "high", "environment", "env", "config", "prompt", "ask", "interactive",
}  # fmt: skip
# The first of what people choose: nordpass.com/most-common-passwords-list
_COMMON = {
    "password", "qwerty", "qwerty123", "abc123", "letmein", "admin", "welcome", "iloveyou",
    "password1", "secret", "monkey", "dragon", "qwerty1", "1q2w3e4r", "rahasia", "bismillah",
}  # fmt: skip
_DIGITS = "01234567890"
_DUMMY_PARTS = re.compile(
    r"(?i)…|•|x{4,}|0{8,}|change[-_ ]?me|example|placeholder|dummy|redacted|contoh|[-_ ]your"
    r"|(?:(?<![a-z])|key|token|secret|password)here$|(?<![a-z])(?:anda$|todo(?![a-z])|your[-_ ]"
    r"|my[-_](?:api|secret|token|key|pass)|(?:insert|replace|put|enter|paste|isi|ganti)[-_ ]"
    r"|fake[-_]|not[-_ ]a[-_ ])"
)
# What is filled in later, or is left out. People's passwords have such signs, too: "a<b>c-2024!".
_GAPS = re.compile(
    r"<[^<>]*>|\{[^{}]*\}|\$\{\w+\}?|\$\([^()]*\)|^\$[A-Za-z_]+$"
    r"|(?<![\w$])\$(?:[A-Z_][A-Z0-9_]+|[a-z]+(?:_[a-z]+)+)(?!\w)|%\(\w+\)s|%s|\.{3,}|\*{3,}"
)
_LEFT_OUT = re.compile(r"\.{3,}|\*{3,}")
_SHORTEST_REST = 6
# A tag, a repr, or JSON: what is secret in it is found by itself.
_STRUCTURE = re.compile(r"<[A-Za-z/|!].*|\[?\{.*\}\]?|arn:.*")
_ENV_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_PATH = re.compile(r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w./\\ -]*")
_SLASHED_WORDS = re.compile(r"[a-z_-]+(?:/[a-z_-]+)+")
_FILE = re.compile(
    r"[\w./\\ -]+\.(?:json|pem|txt|key|ya?ml|env|toml|ini|csv|py|cfg|html?|parquet|xlsx?|png|jpe?g)"
)
_REGEX = re.compile(r"\[[^\]]*[^\]]-[^\]]*\]|\\[sSdwW][*+{]|\(\?[:iP=!<]|\.\*")
_URL = re.compile(r"(?i)[a-z][a-z0-9+.-]*://\S+")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOTTED = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
_WORDS_ONLY = re.compile(r"[A-Za-z]+(?:[ _-][A-Za-z]+)*")


def words_of(name: str) -> list[str]:
    """The lower-case words of a name in snake, kebab, dotted or camel case."""
    parts = _SPLIT.split(_CAMEL.sub("_", name))
    return [part.lower() for part in parts if part]


def meaning_of(name: str) -> Meaning:
    """How sure `name` says that its value is a secret."""
    words = words_of(name)
    if not words:
        return Meaning.NONE
    if words[-1] in _ABOUT and words[-2:] not in (["token", "id"], ["secret", "id"]):
        return Meaning.NONE
    best = Meaning.NONE
    for place, word in enumerate(words):
        meaning = _meaning_of_word(word, words[place - 1] if place else "")
        if meaning and place < len(words) - 1 and not _is_variant(words[place + 1 :]):
            # "secret_santa": what comes after may change what it is about.
            meaning = Meaning.MAYBE
        best = max(best, meaning)
    return best


def _meaning_of_word(word: str, before: str) -> Meaning:
    # "sandiku", "passwordnya": my and the password, in Indonesian.
    word = _INDONESIAN.sub("", word) if len(word) > 5 else word
    if word in _DRAWN:
        return Meaning.LIKELY
    if word in _SURE and not (word == "pass" and before in {"low", "high", "band", "first", "all"}):
        return Meaning.SURE
    if word.endswith(_ENDS):
        return Meaning.SURE if word.endswith(_ENDS[:3]) else Meaning.LIKELY
    if word in ("api", "rahasia", "akses", "enkripsi", "privat") and before == "kunci":
        return Meaning.LIKELY
    if word == "kunci" and before == "kata":
        return Meaning.LIKELY
    if (word == "phrase" and before in {"seed", "recovery", "secret", "backup"}) or (
        word == "auth" and before in {"basic", "http"}
    ):
        return Meaning.LIKELY
    if word in ("key", "keys") and before in _KEY_OF:
        return Meaning.LIKELY
    if word == "token" and before in _TOKEN_OF:
        return Meaning.LIKELY
    if word in _LIKELY:
        return Meaning.LIKELY
    return Meaning.MAYBE if word in _MAYBE else Meaning.NONE


_VARIANTS = {
    "prod", "production", "dev", "development", "test", "staging", "live", "old", "new", "default",
    "value", "str", "string", "bytes", "b64", "base64", "encoded", "hex", "raw", "primary",
    "secondary", "main", "local", "remote", "db", "database", "key", "token", "secret", "plain",
    "id", "admin", "user", "root", "api", "server", "client", "env", "basis", "data", "akun", "ku",
}  # fmt: skip


def _is_variant(words: list[str]) -> bool:
    return all(word in _VARIANTS or word.isdigit() or _NUMBERED.fullmatch(word) for word in words)


def is_secret(name: str, value: str) -> bool:
    """True when `value`, kept under `name`, is to be treated as a secret."""
    meaning = meaning_of(name)
    if meaning is not Meaning.NONE and _SEED_WORDS.fullmatch(value):
        return meaning >= Meaning.LIKELY
    if "pin" in words_of(name)[-1:]:
        return bool(_PIN.fullmatch(value)) and len(set(value)) > 2
    if meaning is Meaning.NONE or is_placeholder(value) or _names_itself(name, value):
        return False
    if meaning is Meaning.SURE:
        return len(value) >= 4
    if is_shortened(value):
        return False
    if meaning is Meaning.LIKELY:
        return looks_made_up(value) or bool(_UUID.fullmatch(value))
    return len(value) >= _MAYBE_LENGTH and looks_random(value)


def is_placeholder(value: str) -> bool:
    """True for what stands where a secret would: nothing, a prompt, a template, a known dummy."""
    text = value.strip()
    if len(text) < 4 or text.lower() in _DUMMIES or _DUMMY_PARTS.search(text):
        return True
    if _is_template(text) or _is_prompt(text):
        return True
    if _ENV_NAME.fullmatch(text) or _DOTTED.fullmatch(text):
        return True
    if len(set(text)) <= 2 or len(text.split()) > 6:
        return True
    if (
        _FILE.fullmatch(text)
        or _SLASHED_WORDS.fullmatch(text)
        or (_PATH.fullmatch(text) and not _is_base64_like(text))
    ):
        return True
    if _STRUCTURE.fullmatch(text) or _REGEX.search(text):
        return True
    # A URL is judged by what it holds, not by the name it is kept under.
    if _URL.fullmatch(text) or "\n" in text:
        return True
    words = words_of(text)
    return bool(words) and all(word in _DUMMIES or word in _SURE | _DRAWN for word in words)


def _is_template(text: str) -> bool:
    """True for a text with gaps, unless what is around them is a password by itself."""
    rest = _GAPS.sub("", text)
    if rest == text:
        return False
    around = rest.strip("-_./: ")
    return len(rest) < _SHORTEST_REST or kinds_of(rest) < 3 or not looks_made_up(around)


def _is_prompt(text: str) -> bool:
    """True for a question or label, rather than a password that ends like one."""
    if not text.endswith((":", "?")):
        return False
    return " " in text or kinds_of(text[:-1]) < 3 or not any(c.isdigit() for c in text)


def is_common(password: str) -> bool:
    """True for one of the passwords that every list of bad ones begins with."""
    return password.lower() in _COMMON or password in _DIGITS or len(set(password)) == 1


def is_shortened(token: str) -> bool:
    """True for a machine's token of which only the ends are shown: "sk-Ab12...", "ghp_***"."""
    return _LEFT_OUT.search(token) is not None


def _is_base64_like(text: str) -> bool:
    return len(text) >= 20 and looks_random(text)


def _names_itself(name: str, value: str) -> bool:
    """True for `password = "user_password"`: a field's or column's name, or a label."""
    if not _WORDS_ONLY.fullmatch(value.strip()):
        return False
    return meaning_of(value) is not Meaning.NONE or bool(set(words_of(value)) & set(words_of(name)))


def looks_made_up(value: str) -> bool:
    """True when `value` is no word or name: at least two kinds of characters, or very mixed."""
    if _NAMED.fullmatch(value):
        return False
    if len(value) < 6 or " " in value.strip() or _UUID.fullmatch(value):
        return looks_random(value)
    return kinds_of(value) >= 2 and any(
        c.isdigit() or (not c.isalnum() and c not in "-_.") for c in value
    )


def looks_random(value: str) -> bool:
    """True when `value` looks drawn by a machine: long, mixed, without words or blanks."""
    if len(value) < 16 or " " in value or _UUID.fullmatch(value):
        return len(value) >= 10 and " " not in value and kinds_of(value) >= 4
    if not any(c.isdigit() for c in value) or value.isdigit() or _NAMED.fullmatch(value):
        return False
    return entropy(value) >= (2.8 if re.fullmatch(r"[0-9a-fA-F]+", value) else 3.2)


def kinds_of(value: str) -> int:
    """How many of these `value` has: small letters, capitals, digits, signs."""
    return sum(
        (
            any(c.islower() for c in value),
            any(c.isupper() for c in value),
            any(c.isdigit() for c in value),
            any(not c.isalnum() for c in value),
        )
    )


def entropy(value: str) -> float:
    """Shannon's entropy of the characters of `value`, in bits a character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0
