"""Secrets that literals of code cells hold: assignments, names, dictionaries, strings, magics."""

CASES = r'''
== openai-plain-name | openai | code: plain name | openai
OPENAI_API_KEY = "<< 1 >>"

== openai-project-client | openai | code: plain name | openai-project
key = "<< 1 >>"
client = OpenAI(api_key=key)

== anthropic-annotated | anthropic | code: annotated assignment | anthropic
api_key: str = "<< 1 >>"

== huggingface-walrus | huggingface | code: walrus | huggingface
if (token := "<< 1 >>"):
    login(token=token)

== github-tuple | github | code: tuple assignment | github
owner, repo, token = "city-data", "air-quality", "<< 1 >>"

== github-fine-plain | github-fine | code: plain name | github-fine
GH = '<< 1 >>'

== gitlab-in-list | gitlab | code: list | gitlab
headers = [("Accept", "application/json"), ("PRIVATE-TOKEN", "<< 1 >>")]

== aws-pair-names | aws | code: plain name | aws-id, aws-secret
AWS_ACCESS_KEY_ID = "<< 1 >>"
AWS_SECRET_ACCESS_KEY = "<< 2 >>"

== aws-pair-tuple | aws | code: tuple assignment | aws-id, aws-secret
access_key, secret_key = ("<< 1 >>", "<< 2 >>")

== google-api-name | google-api | code: plain name | google-api
MAPS_KEY = "<< 1 >>"

== google-oauth-dict | google-oauth | code: dictionary key | google-oauth
installed = {
    "client_id": "<< digits-18 >>.apps.googleusercontent.com",
    "client_secret": "<< 1 >>",
    "redirect_uris": ["http://localhost"],
}

== service-account-dict | google-service-account | code: dictionary key | pkcs8-key
info = {
    "type": "service_account",
    "project_id": "rainfall-prod",
    "private_key_id": "<< sha1 >>",
    "private_key": "<< 1:lines >>\n",
    "client_email": "reader@rainfall-prod.iam.gserviceaccount.com",
    "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
}

== slack-bot-name | slack | code: plain name | slack-bot
slack = "<< 1 >>"

== slack-webhook-post | slack-webhook | code: positional argument | slack-webhook
requests.post("<< 1 >>", json={"text": "The run is done"})

== stripe-attribute | stripe | code: attribute assignment | stripe
import stripe
stripe.api_key = "<< 1 >>"

== stripe-webhook-name | webhook-secret | code: plain name | stripe-webhook
endpoint_secret = "<< 1 >>"

== twilio-pair | twilio | code: plain name | twilio
account_sid = "<< account-sid >>"
auth_token = "<< 1 >>"

== twilio-key-pair | twilio | code: positional argument | twilio-key, random-32
client = Client("<< 1 >>", "<< 2 >>", "<< account-sid >>")

== sendgrid-name | sendgrid | code: plain name | sendgrid
SENDGRID = "<< 1 >>"

== mailgun-auth | mailgun | code: auth tuple | mailgun
requests.post(
    "https://api.mailgun.net/v3/mg.kota.id/messages",
    auth=("api", "<< 1 >>"),
    data={"to": ["ana@kota.id"], "text": "Selesai"},
)

== npm-environ | npm | code: os.environ | npm
os.environ["NPM_TOKEN"] = "<< 1 >>"

== pypi-environ-update | pypi | code: os.environ.update | pypi
os.environ.update(TWINE_USERNAME="__token__", TWINE_PASSWORD="<< 1 >>")

== digitalocean-setdefault | digitalocean | code: os.environ.setdefault | digitalocean
os.environ.setdefault("DO_TOKEN", "<< 1 >>")

== openai-environ-multiline | openai | code: os.environ.update | openai
os.environ.update({
    "LANG": "id_ID.UTF-8",
    "OPENAI_API_KEY": "<< 1 >>",
})

== getenv-default-password | password | code: os.getenv default | human
password = os.getenv("DB_PASSWORD", "<< 1 >>")

== environ-get-default-key | generic-api-key | code: os.getenv default | random-32
API_KEY = os.environ.get("WEATHER_API_KEY", "<< 1 >>")

== getenv-or | password | code: boolean or | human
pwd = os.getenv("PGPASSWORD") or "<< 1 >>"

== heroku-uuid | heroku | code: plain name | uuid-key
HEROKU_API_KEY = "<< 1 >>"

== heroku-new | heroku | code: plain name | heroku
heroku_key = "<< 1 >>"

== azure-storage-string | azure-storage | code: connection string | azure-storage
conn_str = (
    "DefaultEndpointsProtocol=https;AccountName=hujan;"
    "AccountKey=<< 1 >>;EndpointSuffix=core.windows.net"
)

== azure-ad-keyword | azure-ad | code: keyword argument | azure-ad
credential = ClientSecretCredential(
    tenant_id="<< uuid >>",
    client_id="9b1c0a52-7d3e-4d0b-a2f5-0c64f2d8e713",
    client_secret="<< 1 >>",
)

== azure-sas-url | azure-sas | code: signed address | azure-sas
url = (
    "https://hujan.blob.core.windows.net/raw/2024.csv?sv=2022-11-02&se=2030-01-01"
    "&sr=b&sp=r&sig=<< 1 >>"
)

== def-default | generic-token | code: default argument of a def | random-40
def fetch(path, token="<< 1 >>"):
    return requests.get(BASE + path, headers={"X-Token": token}).json()

== def-keyword-only-default | passphrase | code: default argument of a def | human
def unlock(path, *, passphrase: str = "<< 1 >>"):
    return load_key(path, passphrase)

== lambda-default | password | code: default argument of a lambda | human
connect = lambda user="report", password="<< 1 >>": Session(user, password)

== class-attribute | password | code: class attribute | human
class Config:
    HOST = "10.4.0.12"
    DB_USER = "laporan"
    DB_PASS = "<< 1 >>"

== dataclass-default | generic-api-key | code: dataclass default | random-32
@dataclass
class Settings:
    base_url: str = "https://api.cuaca.id"
    api_key: str = "<< 1 >>"

== self-attribute | password | code: attribute assignment | human
class Reader:
    def __init__(self):
        self.user = "budi"
        self.passwd = "<< 1 >>"

== fstring-postgres | postgresql | code: f-string | human-url
engine = create_engine(f"postgresql://laporan:<< 1 >>@{host}:5432/{database}")

== fstring-inner-literal | postgresql | code: f-string | human-url
dsn = f"postgresql://u:{'<< 1 >>'}@db.kota.id/sales"

== fstring-bearer | bearer | code: f-string | random-40
region = "id"
h = {"Authorization": f"Bearer << 1 >>", "X-Region": f"{region}"}

== implicit-concatenation | generic-token | code: implicit concatenation | random-16, random-24
token = (
    "<< 1 >>"
    "<< 2 >>"
)

== plus-concatenation | password | code: concatenation with plus | human
dsn = "host=db.kota.id user=laporan password=" + "<< 1 >>" + " dbname=sales"

== percent-format | password | code: percent format | human-url
uri = "mysql://laporan:%s@db.kota.id/sales" % "<< 1 >>"

== str-format | password | code: str.format | human-url
uri = "mysql://{}:{}@db.kota.id/sales".format("laporan", "<< 1 >>")

== bytes-fernet | fernet | code: bytes literal | fernet
cipher = Fernet(b"<< 1 >>")

== bytes-hmac | webhook-secret | code: bytes literal | human
digest = hmac.new(b"<< 1 >>", body, hashlib.sha256).hexdigest()

== triple-quoted-rsa | rsa-key | code: triple quotes | rsa-key
private_key = """<< 1 >>
"""

== triple-quoted-ec | ec-key | code: triple quotes | ec-key
KEY = """
<< 1 >>
"""

== escaped-openssh | openssh-key | code: plain name | openssh-key
deploy = "<< 1:lines >>\n"

== triple-quoted-env | password | code: triple quotes | human, random-32
env_text = """
DB_USER=laporan
DB_PASSWORD=<< 1 >>
API_TOKEN=<< 2 >>
"""

== triple-quoted-yaml | password | code: triple quotes | human
config = yaml.safe_load("""
database:
  host: db.kota.id
  user: laporan
  password: << 1 >>
""")

== raw-string | password | code: raw string | human
passwd = r"<< 1 >>"

== single-quotes-pass | password | code: plain name | human
PASS = '<< 1 >>'

== dict-call | password | code: dict call | human
login = dict(host="db.kota.id", user="laporan", passwd="<< 1 >>")

== dict-subscript | generic-api-key | code: subscript assignment | random-24
config["api_key"] = "<< 1 >>"

== nested-dict | password | code: dictionary key | human
DATABASES = {"default": {"ENGINE": "mysql", "USER": "web", "PASSWORD": "<< 1 >>"}}

== api-key-hyphen | generic-api-key | code: dictionary key | random-32
headers = {"X-API-KEY": "<< 1 >>", "Accept": "text/csv"}

== apikey-params | generic-api-key | code: dictionary key | hex-32
params = {"q": "Bandung", "units": "metric", "apikey": "<< 1 >>"}

== appid-params | openweather | code: dictionary key | hex-32
r = requests.get("https://api.openweathermap.org/data/2.5/weather", params={
    "q": "Bogor", "appid": "<< 1 >>"})

== key-high-entropy | generic-api-key | code: plain name | random-40
key = "<< 1 >>"
rows = fetch("stations", key)

== query-string-key | generic-api-key | code: query string | random-32
url = "https://api.kota.id/v1/air?station=7&api_key=<< 1 >>&format=csv"

== query-string-access-token | generic-token | code: query string | hex-40
frame = pd.read_csv("https://data.kota.id/export.csv?access_token=<< 1 >>")

== google-key-query | google-api | code: query string | google-api
url = f"https://maps.googleapis.com/maps/api/geocode/json?address={place}&key=<< 1 >>"

== compare-password | password | code: comparison | human
entered = password_box.value
if entered == "<< 1 >>":
    show_everything()

== compare-attribute | password | code: comparison | human
allowed = form.password.value == "<< 1 >>"

== compare-in-list | password | code: comparison | human, human
ok = password in ("<< 1 >>", "<< 2 >>")

== assert-token | generic-token | code: comparison | random-24
assert request.headers["token"] == "<< 1 >>"

== users-dict | password | code: users and passwords | human, human
users = {"ana": "<< 1 >>", "budi": "<< 2 >>"}
def check(user, password):
    return users.get(user) == password

== user-pw-tuple | password | code: tuple assignment | human
user, pw = "laporan", "<< 1 >>"

== credentials-tuple | credentials | code: tuple | human
CREDENTIALS = ("laporan", "<< 1 >>")

== creds-colon | credentials | code: plain name | human
creds = "laporan:<< 1 >>"

== kata-sandi-name | kata_sandi | code: plain name | human
kata_sandi = "<< 1 >>"

== sandi-dict | sandi | code: dictionary key | human
masuk = {"pengguna": "siti", "sandi": "<< 1 >>"}

== sandi-basis-data | sandi | code: keyword argument | human
sambungan = sambung(host="db.kota.id", pengguna="siti", sandi_basis_data="<< 1 >>")

== kunci-api | kunci_api | code: plain name | random-32
kunci_api = "<< 1 >>"

== chained-assignment | generic-token | code: chained assignment | random-32
access_token = self_token = "<< 1 >>"

== refresh-token | refresh-token | code: plain name | random-40
refresh_token = "<< 1 >>"

== conditional-expression | password | code: conditional expression | human
password = "<< 1 >>" if production else ""

== global-in-function | password | code: plain name in a function | human
def login():
    pwd = "<< 1 >>"
    return session(pwd)

== star-list-passwords | password | code: list | human, human
passwords = ["<< 1 >>", "<< 2 >>"]

== loop-over-passwords | password | code: loop | human, human
for password in ("<< 1 >>", "<< 2 >>"):
    con = connect(host, "laporan", password)

== loop-over-logins | password | code: loop | human, human
for user, pwd in [("ana", "<< 1 >>"), ("budi", "<< 2 >>")]:
    sessions[user] = log_in(user, pwd)

== loop-in-comprehension | password | code: loop | human
clients = [Client(password) for password in ["<< 1 >>"]]

== commented-key | openai | code: commented-out line | openai
# openai.api_key = "<< 1 >>"
openai.api_key = os.environ["OPENAI_API_KEY"]

== commented-password | password | code: commented-out line | human
# password = "<< 1 >>"  # old one, still works
password = getpass.getpass()

== end-of-line-comment | password | code: comment | human
con = connect("db.kota.id", "laporan", getpass())  # password: << 1 >>

== docstring-password | password | code: docstring | human
def connect():
    """Connect to the warehouse (user laporan, password: << 1 >>)."""
    return engine.connect()

== mnemonic | wallet | code: plain name | mnemonic
seed_phrase = "<< 1 >>"

== ethereum-key | wallet | code: plain name | ethereum
PRIVATE_KEY = "<< 1 >>"

== totp-seed | totp | code: positional argument | totp
code = pyotp.TOTP("<< 1 >>").now()

== jwt-name | jwt | code: plain name | jwt
bearer = "<< 1 >>"

== supabase-name | supabase | code: plain name | supabase
SUPABASE_SERVICE_ROLE_KEY = "<< 1 >>"

== jwt-secret-encode | signing-key | code: positional argument | human
signed = jwt.encode({"dashboard": 7}, "<< 1 >>", algorithm="HS256")

== flask-secret-key | signing-key | code: attribute assignment | hex-32
app.secret_key = "<< 1 >>"

== django-secret-key | signing-key | code: plain name | django
SECRET_KEY = '<< 1 >>'

== salt-name | salt | code: plain name | random-24
SALT = "<< 1 >>"
frame["person"] = [hashlib.sha256((SALT + nik).encode()).hexdigest() for nik in frame.nik]

== pbkdf2-password | encryption-key | code: bytes literal | human, random-16
key = hashlib.pbkdf2_hmac("sha256", b"<< 1 >>", b"<< 2 >>", 200_000)

== aes-hex | encryption-key | code: positional argument | hex-64
aes = AES.new(bytes.fromhex("<< 1 >>"), AES.MODE_GCM)

== encryption-key-name | encryption-key | code: plain name | hex-32
ENCRYPTION_KEY = "<< 1 >>"

== match-case | password | code: match | human
match password:
    case "<< 1 >>":
        level = "admin"

== pin-code | password | code: comparison | pin
PIN = "<< 1 >>"
unlocked = pin_box.value == PIN

== zip-password-later | password | code: plain name | human
rahasia = "<< 1 >>"
archive.extractall(pwd=rahasia.encode())

== base64-hidden | password | code: base64 literal | human
password = base64.b64decode("<< 1:b64 >>").decode()

== dsn-sentry | sentry-dsn | code: plain name | hex-32
SENTRY_DSN = "https://<< 1 >>@o418221.ingest.sentry.io/5620117"

== cookie-header | cookie | code: dictionary key | random-32
cookies = {"sessionid": "<< 1 >>", "lang": "id"}

== authorization-basic | basic-auth | code: dictionary key | basic
headers = {"Authorization": "Basic << 1 >>"}

== two-cells-flow | datadog | code: plain name | hex-32
dd = "<< 1 >>"
----
configuration.api_key["apiKeyAuth"] = dd

== sign-dollar | password | code: plain name | human-dollar
password = "<< 1 >>"

== sign-dollars | password | code: keyword argument | human-dollars
conn = pymysql.connect(host="db", user="laporan", password="<< 1 >>")

== sign-dollar-url | postgres-url | code: positional argument | human-dollar
engine = create_engine("postgresql://laporan:<< 1 >>@db.kota.id/air")

== sign-format | password | code: plain name | human-format
kata_sandi = "<< 1 >>"

== sign-dots | password | code: plain name | human-dots
password = "<< 1 >>"

== sign-stars | password | code: plain name | human-stars
password = "<< 1 >>"

== sign-tag | password | code: dictionary key | human-tag
login = {"user": "laporan", "password": "<< 1 >>"}

== sign-heart | password | code: plain name | human-heart
password = "<< 1 >>"

== sign-braces | password | code: plain name | human-braces
password = "<< 1 >>"

== sign-todo | password | code: plain name | human-todo
password = "<< 1 >>"

== sign-question | password | code: plain name | human-question
password = "<< 1 >>"

== sign-colon | password | code: plain name | human-colon
password = "<< 1 >>"

== sign-divisi | password | code: plain name | human-divisi
password = "<< 1 >>"

== pieces-around | postgres-url | code: implicit concatenation | human-url
url = f"postgresql://{user}:" "<< 1 >>" f"@{host}/air"

== pieces-added | postgres-url | code: concatenation | human-url
engine = create_engine("postgresql://laporan:" + "<< 1 >>" + "@db.kota.id/air")

== pieces-quoted | postgres-url | code: concatenation | human
engine = create_engine("postgresql://laporan:" + quote_plus("<< 1 >>") + "@db.kota.id/air")

== chained-names | password | code: chained assignment | human
first = last = db_password = "<< 1 >>"

== cx-oracle | password | code: positional argument | human
connection = cx_Oracle.connect("laporan", "<< 1 >>", "ora.kota.id/SALES")

== keyring-set | password | code: positional argument | human
keyring.set_password("warehouse", "laporan", "<< 1 >>")

== given-back | password | code: return | human
async def get_db_password():
    return "<< 1 >>"

== auth-pair-later | password | code: auth tuple | human
auth = ("laporan", "<< 1 >>")
rows = requests.get(url, auth=auth).json()

== kredensial | password | code: plain name | human
kredensial = "<< 1 >>"

== kunci-akses | generic-key | code: plain name | random-24
kunci_akses = "<< 1 >>"
'''
