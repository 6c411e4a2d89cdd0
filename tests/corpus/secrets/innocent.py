"""Code cells that look as though they held a secret, and hold none."""

CASES = r"""
== strength-column | column name | code
df["password_strength"] = df["password_length"].map(grade)

== tokenizer-call | language tokens | code
tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
token = tokenizer("Selamat pagi, Jakarta")
token_ids = token["input_ids"]

== text-split | language tokens | code
tokens = text.lower().split()
token_count = len(tokens)

== special-tokens | language tokens | code
special_tokens = {"pad_token": "[PAD]", "unk_token": "[UNK]", "eos_token": "<|endoftext|>"}
tokenizer.add_special_tokens(special_tokens)

== bpe-merges | language tokens | code
bpe = ["Ġthe", "Ġof", "ing", "##kan", "##nya", "▁dan"]

== spacy-token | language tokens | code
for token in nlp("The old password was weak."):
    print(token.text, token.lemma_, token.pos_)

== token-word-dict | language tokens | code
entries = [{"token": "word", "start": 0}, {"token": "kota", "start": 5}]

== token-type | language tokens | code
token_type = "bearer"
token_url = "https://auth.kota.id/oauth/token"

== getenv-api-key | read at run time | code
api_key = os.getenv("API_KEY")

== environ-subscript | read at run time | code
token = os.environ["TOKEN"]
client = OpenAI(api_key=os.environ["OPENAI_API_KEY"])

== getenv-empty-default | read at run time | code
password = os.environ.get("DB_PASSWORD", "")

== getpass-prompt | prompt | code
password = getpass.getpass("Enter your password: ")

== input-prompt | prompt | code
api_key = input("Paste your API key here: ")
kata_sandi = input("Masukkan kata sandi Anda: ")

== colab-userdata | read at run time | code
from google.colab import userdata
key = userdata.get("GOOGLE_API_KEY")

== dotenv | read at run time | code
from dotenv import dotenv_values
config = dotenv_values(".env")
password = config["DB_PASSWORD"]

== keyring | read at run time | code
password = keyring.get_password("warehouse", "laporan")

== kaggle-secrets | read at run time | code
secret = UserSecretsClient().get_secret("wandb_api_key")

== azure-vault-read | read at run time | code
secret = client.get_secret("warehouse-password").value

== aws-secret-name | read at run time | code
secret_name = "prod/warehouse/reader"
secret = boto3.client("secretsmanager").get_secret_value(SecretId=secret_name)

== hf-token-true | flag | code
model = AutoModel.from_pretrained("google/gemma-2b", token=True, use_auth_token=False)

== placeholder-your-key | placeholder | code
OPENAI_API_KEY = "YOUR_API_KEY"

== placeholder-angle | placeholder | code
token = "<token>"
headers = {"Authorization": "Bearer <your-access-token>"}

== placeholder-xxxx | placeholder | code
api_key = "xxxx"
secret_key = "XXXXXXXXXXXXXXXXXXXXXXXX"

== placeholder-changeme | placeholder | code
password = "changeme-in-env"

== placeholder-dots | placeholder | code
api_key = "..."
client = OpenAI(api_key="sk-...")

== placeholder-stars | placeholder | code
password = "***"
shown = "********"

== placeholder-words | placeholder | code
password = "example"
api_key = "dummy"
token = "test"

== placeholder-replace | placeholder | code
HF_TOKEN = "hf_your_token_here"
SECRET = "replace-me"
API_TOKEN = "REPLACE_WITH_YOUR_TOKEN"

== placeholder-indonesian | placeholder | code
api_key = "ISI_KUNCI_API_ANDA"
kata_sandi = "<kata sandi Anda>"

== placeholder-url | placeholder | code
url = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

== placeholder-todo | placeholder | code
password = "TODO"
secret = "none"

== template-braces | template | code
DSN = "postgresql://{user}:{password}@{host}/sales"
engine = create_engine(DSN.format(**settings))

== template-fstring | template | code
engine = create_engine(f"postgresql://{user}:{password}@{host}:5432/{name}")

== template-dollar | template | code
compose = "POSTGRES_PASSWORD=${DB_PASSWORD}"

== template-percent | template | code
dsn = "host=%s user=%s password=%s" % (host, user, password)

== template-bearer | template | code
headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

== template-shell | template | code
!curl -s -H "Authorization: Bearer $TOKEN" https://api.kota.id/v1/air -o air.json

== template-shell-braces | template | code
!psql "postgresql://laporan:{password}@db.kota.id/sales" -c "select 1"

== template-env-magic | template | code
%env DB_PASSWORD={password}

== template-jinja | template | code
page = Template("user: {{ user }} password: {{ password }}").render(**form)

== empty-password | empty value | code
con = connect(host="localhost", user="postgres", password="")
auth = None

== flag-secret-false | flag | code
page = render(secret=False, show_password=False, token=None, require_auth=True)

== password-input-widget | widget label | code
box = widgets.Password(description="Password:", placeholder="Enter password")

== text-widget-key | widget label | code
key_box = widgets.Text(value="", description="API key:", placeholder="sk-...")

== widget-style | widget label | code
token_slider = widgets.IntSlider(value=256, max=4096, description="Max tokens")

== key-lambda | ordinary key | code
rows.sort(key=lambda row: row[1])
best = max(scores, key=scores.get)

== sort-key-name | ordinary key | code
table.sort(key="name")
chart = alt.Chart(source).mark_bar().encode(color=alt.Color(legend_key))

== dict-key-value | ordinary key | code
tabs = [{"key": "sales", "label": "Sales"}, {"key": "rainfall", "label": "Rainfall"}]

== legend-key | ordinary key | code
legend_key = "north"
primary_key = "id"
foreign_key = "station_id"

== hdf-key | ordinary key | code
frame.to_hdf("air.h5", key="measurements", mode="w")

== s3-key | ordinary key | code
s3.upload_file("air.csv", Bucket="kota-open-data", Key="2024/march/air-quality-monthly.csv")

== api-key-header-name | ordinary key | code
API_KEY_HEADER = "X-API-Key"
PASSWORD_FIELD = "password"

== streamlit-key | ordinary key | code
st.text_input("Name", key="customer_name_input")

== keyboard | word that contains key | code
keyboard = "qwerty"
keyword = "hujan lebat"
hockey_team = "Jakarta Dragons"

== monkey | word that contains key | code
monkey = "Macaca fascicularis"
turkey = {"capital": "Ankara", "population": 85_000_000}

== passenger | word that contains pass | code
passenger = "Siti Nurhaliza"
compass = "north-northeast"
passport_country = "Indonesia"

== author | word that contains auth | code
author = "Pramoedya Ananta Toer"
authority = "Badan Pusat Statistik"
plt.savefig("air.png", metadata={"Author": "Siti"})

== secret-santa | word that contains secret | code
secret_santa = ["Ana", "Budi", "Citra"]
secretary = "Dewi Lestari"

== persandian | word that contains sandi | code
sandiwara = "Wayang orang"
tersandi = [ord(letter) for letter in "kota"]

== bypass-filter | word that contains pass | code
band = signal.butter(4, [0.1, 0.4], btype="bandpass")
filters = {"low": "lowpass", "high": "highpass"}

== first-pass | word that contains pass | code
pass_rate = 0.83
passed = scores >= pass_mark
result = "pass" if passed.all() else "fail"

== salt-water | word that contains salt | code
salt = "NaCl"
salt_lake = ["Dead Sea", "Great Salt Lake"]

== password-regex | pattern | code
SECRET_PATTERNS = [r"sk-[A-Za-z0-9]{20,}", r"ghp_[A-Za-z0-9]{36}", r"AKIA[0-9A-Z]{16}"]

== password-regex-rule | pattern | code
password_rule = re.compile(r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d!@#]{8,}$")

== redacting-regex | pattern | code
log = re.sub(r"(password|token)=\S+", r"\1=***", log)

== private-key-search | pattern | code
leaks = [path for path in paths if "<< private-header >>" in path.read_text()]

== sklearn-parameters | parameter | code
search = GridSearchCV(pipe, {"tfidf__token_pattern": [r"(?u)\b\w\w+\b"], "svc__C": [1, 10]})

== hyperparameters | parameter | code
config = {"max_tokens": 2048, "key_dim": 64, "num_key_value_heads": 8, "seed": 20240317}

== generate-parameters | parameter | code
out = model.generate(ids, max_new_tokens=128, pad_token_id=50256, eos_token_id=50256)

== attention-keys | parameter | code
state = {"attn.key.weight": w_key, "attn.query.weight": w_query}
key_padding_mask = None

== model-ids | model name | code
MODEL = "gpt-4o-mini"
EMBEDDING = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"

== seed-number | parameter | code
SEED = 8675309
rng = np.random.default_rng(173205080757)

== columns-user-password | column name | code
frame = frame.drop(columns=["user", "password", "token_count"])

== select-password-column | column name | code
query = "SELECT id, password_hash IS NOT NULL AS has_password FROM users"

== create-table | column name | code
con.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, password TEXT, api_key VARCHAR(64))")

== rename-columns | column name | code
frame = frame.rename(columns={"pwd": "password", "tok": "token", "kata_sandi": "sandi"})

== sql-placeholder | template | code
cursor.execute("UPDATE users SET password = %s WHERE id = %s", (new_hash, user))

== url-plain | address | code
frame = pd.read_csv("https://data.kota.id/2024/air-quality-march.csv?format=csv&page=2")

== url-user-only | address | code
!git clone ssh://git@github.com/kota/air.git
remote = "https://laporan@dash.kota.id/"

== postgres-no-password | address | code
engine = create_engine("postgresql://localhost/db")
other = create_engine("postgresql+psycopg2://laporan@/sales")

== sqlite-url | address | code
engine = create_engine("sqlite:///air.db")
memory = duckdb.connect(":memory:")

== s3-path | address | code
where = "s3://noaa-ghcn-pds/parquet/by_year/YEAR=2024/"
frame = pd.read_parquet(where, storage_options={"anon": True})

== url-with-at | address | code
js = "https://cdn.jsdelivr.net/npm/vega-lite@5.16.3/build/vega-lite.min.js"

== url-time | address | code
page = "http://localhost:8866/voila/render/air.ipynb?session=new"

== unpkg-scope | address | code
src = "https://unpkg.com/@jupyter-widgets/html-manager@1.0.9/dist/embed-amd.js"

== assert-message | message | code
if not password:
    raise ValueError("password must not be empty")

== print-key-missing | message | code
print("OPENAI_API_KEY is not set; set the API key and run again")

== wrong-password-message | message | code
label.value = "Kata sandi salah" if failed else "Selamat datang"

== compare-words | comparison | code
if field == "password":
    mask(field)
elif token == "NOUN":
    count += 1

== compare-role | comparison | code
if auth_method == "basic" and credentials_type == "service_account":
    use_defaults()

== function-definition | signature | code
def login(user: str, password: str, token: str | None = None, *, secret: bool = False) -> bool:
    return verify(user, password, token)

== generate-secret | made at run time | code
token = secrets.token_urlsafe(32)
key = Fernet.generate_key()
password = "".join(random.choices(string.ascii_letters, k=12))

== hash-password-call | made at run time | code
hashed = hashlib.sha256(password.encode()).hexdigest()
masked = password[:2] + "*" * 6

== alphabet-constant | alphabet | code
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

== sample-aws-keys | documented sample | code
# The sample pair of the AWS documentation.
aws_access_key_id = "<< sample-aws-id >>"
aws_secret_access_key = "<< sample-aws-secret >>"

== common-passwords-lesson | column name | code
strength = {"length": 12, "has_digit": True, "kind": "passphrase"}
plot(strength, title="Password strength by length")

== date-version | identifier | code
version = "2024.03.17+build.5541"
user_agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"

== caesar-lesson | encoded data | code
def caesar(text, key=3):
    return "".join(chr((ord(c) - 97 + key) % 26 + 97) for c in text)
caesar("selamatpagi", key=7)

== music-key | ordinary key | code
song = {"title": "Bengawan Solo", "key": "C# minor", "tempo": 84}

== map-key-license | ordinary key | code
key = "population_density_per_square_kilometre"
value = frame[key].mean()

== auth-endpoint | address | code
AUTH_URL = "https://login.kota.id/oauth2/authorize"
SCOPES = ["https://www.googleapis.com/auth/spreadsheets.readonly"]

== env-magic-innocent | parameter | code
%env TOKENIZERS_PARALLELISM=false
%env CUDA_VISIBLE_DEVICES=0

== bash-innocent | parameter | code
%%bash
export KEYBOARD=us
ls -la | sort -k 5 --key=2
ssh-keygen -t ed25519 -f id_demo -N "$PASSPHRASE"

== plot-fonts | message | code
plt.title("Tokens per day")
plt.legend(title="Key", labels=["Secret ballots", "Open ballots"])

== template-shell-names | template | code
%%bash
mysql -u laporan -p$dbPassword < rows.sql
curl -u laporan:$DB_PASSWORD -H "Authorization: Bearer $api_token" https://data.kota.id
export PGPASSWORD=$(pass show kota/db)

== template-gaps | template | code
secret = "{stage}-db-secret-v2".format(stage=stage)
password = "Password-{}".format(number)
dsn = "postgresql://laporan:%s@db.kota.id/air" % password
vault = {"password": "{{ vault.db_password }}", "token": "<32 letters and digits>"}

== shortened-tokens | template | code
api_key = "sk-Ab12..."
token = "ghp_aB3***"
access_key = "Qx7Ab1...Yz9Kd2"

== labels-and-questions | message | code
password = ask("DB-Password:")
question = {"password": "Lupa kata sandi?", "passphrase": "Passphrase:"}
api_key = "TODO"

== added-address | address | code
url = "http://localhost:" + "8050" + "/api/v1"
link = "https://" + host + ":" + "8443-lama" + "/login"

== weak-passwords | message | code
for password in ["123456", "qwerty2024!", "sandi-123"]:
    print(password, strength(password))

== what-functions-answer | message | code
def check_password(password):
    if len(password) < 12:
        return "Too short: 12 signs at least!"
    return "password_ok"

def get_token():
    return keyring.get_password("warehouse", "laporan")

== chained-words | parameter | code
first = last = sort_key = "kota-2024"
auth = ("basic", "digest")
"""
