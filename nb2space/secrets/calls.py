"""Calls that take a secret by its position: what the names of their parameters would say."""

from __future__ import annotations

import ast

# The last part of the call's name, and the positions that are secret.
_POSITIONS: dict[str, tuple[int, ...]] = {
    "HTTPBasicAuth": (1,), "HTTPDigestAuth": (1,), "HTTPProxyAuth": (1,), "BasicAuth": (1,),
    "Fernet": (0,), "Github": (0,), "Gitlab": (1,), "FTP": (2,), "FTP_TLS": (2,),
    "set_password": (0,), "TeleBot": (0,), "Dropbox": (0,), "TOTP": (0,), "HOTP": (0,),
    "UsernamePasswordCredential": (3,), "ClientSecretCredential": (2,), "AzureKeyCredential": (0,),
    "SendGridAPIClient": (0,), "PasswordAuthenticator": (1,), "PlainTextAuthProvider": (1,),
    "PlainCredentials": (1,), "ExternalCredentials": (1,), "SecretStr": (0,), "SecretBytes": (0,),
    "interactive_login": (0,), "Slacker": (0,), "NotionClient": (0,), "Airtable": (1,),
    "Minio": (2,), "add_password": (3,), "OAuth1UserHandler": (0, 1, 2, 3), "OAuth1": (0, 1, 2, 3),
    "OAuthHandler": (0, 1), "AppAuthHandler": (0, 1), "pbkdf2_hmac": (1, 2), "scrypt": (0,),
    "hmac_new": (0,), "AES_new": (0,), "ChaCha20_new": (0,), "DES3_new": (0,), "jwt_encode": (1,),
    "jwt_decode": (1,), "AESGCM": (0,), "ChaCha20Poly1305": (0,), "AES": (0,), "XChaCha20": (0,),
    "pymysql_connect": (2,), "MySQLdb_connect": (2,), "pymssql_connect": (2,), "hmac_digest": (0,),
    "URLSafeSerializer": (0,), "URLSafeTimedSerializer": (0,), "TimestampSigner": (0,),
    "extractall": (2,), "SMTP": (1,), "URL_create": (2,), "BasicAuthentication": (1,),
    "username_pw_set": (1,), "jaydebeapi_connect": (2,), "set_credentials": (1,),
    "cx_Oracle_connect": (1,), "oracledb_connect": (1,), "keyring_set_password": (2,),
    "setpassword": (0,), "login_user": (1,), "sign_in": (1,),
}  # fmt: skip
# Calls of the form f(name, value), where the name may mean a secret.
_SETTERS = {
    "set", "setdefault", "config", "option", "put", "setenv", "putenv", "add_header", "set_option",
    "setItem", "getenv", "get", "header", "set_config", "set_env", "set_key", "append", "setattr",
    "add", "update_config", "set_secret", "create_secret", "addHeader", "setHeader",
}  # fmt: skip
# What gives back the value it is given, in another form.
_SAME_VALUE = {
    "SecretStr", "encode", "strip", "str", "bytes", "b64encode", "b64decode", "fromhex", "decode",
    "unhexlify", "bytearray", "quote", "quote_plus", "urlsafe_b64decode", "SecretBytes", "Secret",
}  # fmt: skip
# What asks the viewer for a value: the question names it.
_ASKS = (["input"], ["getpass"], ["prompt"], ["text_input"])
_HASHES = {"UUID", "Path", "ObjectId", "Decimal", "Commit", "Digest", "Hash", "Color"}


def names_by_position(node: ast.Call, names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """For each positional argument of a call, the names that its value flows into.

    `names` are what the call's own value flows into.
    """
    called = dotted(node.func)
    last = called[-1] if called else ""
    places = _POSITIONS.get("_".join(called[-2:]), _POSITIONS.get(last, ()))
    texts = [text_of(argument) for argument in node.args]
    found: list[tuple[str, ...]] = []
    for number in range(len(node.args)):
        given: tuple[str, ...] = ()
        if number in places:
            given = ("password",)
        elif last in ("login", "authenticate", "connect_login"):
            given = ("password",) if number == 1 else ("token",) if len(node.args) == 1 else ()
        elif last in ("send_keys", "fill", "type", "press_sequentially"):
            # What is typed into a field is named by the field.
            given = texts[0] if number else _field_of(node.func)
        elif last in _SETTERS and len(node.args) >= 2 and number == len(node.args) - 1:
            given = texts[number - 1]
        elif number == 0 and last in _SAME_VALUE:
            given = names
        elif number == 0 and not places and last.startswith(("set_", "use_", "with_")):
            given = (last,)
        elif _makes_a_client(called) or last == "run":
            # Only what looks drawn by a machine is one, then.
            given = (f"{called[0]}_token",) if called else ()
        found.append(given)
    return found


def _field_of(function: ast.expr) -> tuple[str, ...]:
    """The names of the field on which a method is called: a variable's, or what found it."""
    field = function.value if isinstance(function, ast.Attribute) else function
    if isinstance(field, ast.Call):
        return tuple(text for argument in field.args for text in text_of(argument))
    return tuple(_without_widget(name) for name in names_of(field))


def _makes_a_client(called: list[str]) -> bool:
    """True for classes and what makes them: cohere.Client, SearchClient.create."""
    return any(part[:1].isupper() and part not in _HASHES for part in called)


def dotted(function: ast.expr) -> list[str]:
    """The parts of a called name: ["psycopg2", "connect"]."""
    parts: list[str] = []
    node: ast.expr = function
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.insert(0, node.id)
    return parts


def text_of(key: ast.expr | None) -> tuple[str, ...]:
    """The text of a constant, as a name; none for anything else."""
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return (key.value,)
    return ()


def names_of(node: ast.expr) -> tuple[str, ...]:
    """The names of an assignment's target or a comparison's side."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        if node.attr in ("value", "text") and (inner := names_of(node.value)):
            # What a field or box holds, rather than the box.
            return tuple(_without_widget(name) for name in inner)
        return (node.attr,)
    if isinstance(node, ast.Subscript):
        return (*text_of(node.slice), *names_of(node.value))
    if isinstance(node, ast.Call) and node.args and dotted(node.func)[-1:] in _ASKS:
        return text_of(node.args[0])
    return ()


def _without_widget(name: str) -> str:
    for end in ("_box", "_field", "_input", "_widget", "_text", "_entry", "Box", "Field", "Input"):
        name = name.removesuffix(end)
    return name
