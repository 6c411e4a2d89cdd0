"""Look-alikes outside the code: text cells, outputs, metadata, attachments, widgets, files."""

CASES = r"""
== prose-api-key | prose | markdown
Get an API key from the provider's site, then put it into the environment as `OPENAI_API_KEY`.
Never write the key into the notebook.

== prose-kata-sandi | prose | markdown
Kata sandi yang baik panjang dan mudah diingat. Jangan bagikan kata sandi Anda kepada siapa pun.

== prose-sandi | prose | markdown
## Sandi Caesar

Sandi ini menggeser setiap huruf. Sandi rumput dan sandi kotak dikenal dalam kegiatan pramuka.

== prose-password-policy | prose | markdown
The password: at least twelve characters. Password rules changed in 2023; token lifetimes did not.

== prose-secret | prose | markdown
The secret: slow cooking. The key is patience, and the token of thanks is a plate of rendang.

== prose-lorem | prose | markdown
Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.

== prose-login | prose | markdown
**User:** as given by the registrar. **Password:** sent by letter. Sign in with your e-mail.

== markdown-placeholder-fence | placeholder | markdown
```bash
export OPENAI_API_KEY="sk-..."
export DB_PASSWORD=<your password>
curl -H "Authorization: Bearer $TOKEN" https://api.kota.id/v1/air
```

== markdown-placeholder-url | placeholder | markdown
Set `DATABASE_URL` to `postgresql://<user>:<password>@<host>/<database>`.

== markdown-env-table | placeholder | markdown
| Variable | Meaning | Default |
| -------- | ------- | ------- |
| `API_KEY` | key of the weather service | none |
| `DB_PASSWORD` | password of the warehouse | required |

== markdown-yaml-template | template | markdown
```yaml
database:
  user: ${DB_USER}
  password: ${DB_PASSWORD}
```

== markdown-secret-reference | template | markdown
```yaml
env:
  HF_TOKEN: ${{ secrets.HF_TOKEN }}
```

== markdown-data-image | image | markdown
![logo](data:image/png;base64,<< png >>)

== markdown-commit | hash | markdown
Made with commit << sha1 >> (short: << short-commit >>).

== markdown-checksum | hash | markdown
```
sha256  << sha256 >>  air.csv
md5     << md5 >>  rain.csv
```

== markdown-sheet-link | identifier | markdown
Data: <https://docs.google.com/spreadsheets/d/<< sheet-id >>/edit#gid=0>

== markdown-video | identifier | markdown
[Rekaman](https://www.youtube.com/watch?v=<< youtube-id >>)

== markdown-public-key | public key | markdown
```
<< public-key >>
```

== markdown-ssh-public | public key | markdown
Add this public key to the server: `<< ssh-rsa-public >> siti@laptop`

== markdown-key-header-words | prose | markdown
A private key starts with `<< private-header >>`; delete the file if you ever see that line in it.

== markdown-formula | prose | markdown
The softmax of $QK^T/\sqrt{d_k}$ weighs the values; key, query and value are matrices.

== markdown-doi | identifier | markdown
Siti N. et al. (2023). <https://doi.org/10.1016/j.atmosenv.2023.119876>

== markdown-keyboard | prose | markdown
Press <kbd>Ctrl</kbd>+<kbd>Enter</kbd>. Shortcut key: `Shift-Tab`. Access key: `Alt-K`.

== raw-front-matter | prose | raw
---
title: Air quality
author: Siti Nurhaliza
keywords: [air, token economy, password habits]
---

== raw-latex-label | prose | raw
\label{sec:secret-sharing} Shamir's secret sharing splits a key among five people.

== stream-tokens | language tokens | output stdout
print(tokens[:6], len(tokens))
----
['selamat', 'pagi', 'kota', 'hujan', '##kan', '[SEP]'] 512

== stream-git-log | hash | output stdout
!git log --oneline -2
----
<< short-commit >> Add March figures
f3a91bc Fix the token counter

== stream-sha | hash | output stdout
!sha256sum air.csv
----
<< sha256 >>  air.csv

== stream-asked | prompt | output stdout
password = getpass.getpass()
----
Password: ········

== stream-masked | placeholder | output stdout
print(engine.url)
----
postgresql://laporan:***@db.kota.id:5432/sales

== stream-wandb | address | output stderr
wandb: Tracking run with wandb version 0.17.0
wandb: View run at https://wandb.ai/kota/air/runs/3k9dq2xw

== stream-hub-warning | message | output stderr
UserWarning: The secret `HF_TOKEN` does not exist in your Colab secrets.
To authenticate with the Hugging Face Hub, create a token and set it as secret.

== stream-pip | message | output stdout
Collecting keyring==25.2.1
  Downloading keyring-25.2.1-py3-none-any.whl (38 kB)
Successfully installed keyring-25.2.1 secretstorage-3.3.3

== stream-progress | message | output stderr
tokenizer_config.json: 100%|##########| 48.0/48.0 [00:00<00:00, 3.11kB/s]

== stream-uuid | identifier | output stdout
Job << uuid >> finished in 12.4 s

== stream-fingerprint | public key | output stdout
!ssh-keygen -lf id_demo.pub
----
256 << fingerprint >> siti@laptop (ED25519)

== stream-openssl | public key | output stdout
!openssl x509 -in ca.pem
----
<< certificate >>

== plain-frame-repr | data frame | output text/plain
frame.head(2)
----
   station  token_count  password_strength       key
0    Bogor          412               weak  primary
1    Depok          398             strong  foreign

== plain-columns | column name | output text/plain
Index(['user', 'password', 'api_key', 'last_login'], dtype='object')

== plain-described | data frame | output text/plain
count    1000
unique      4
top    secret
Name: clearance, dtype: object

== plain-estimator | parameter | output text/plain
TfidfVectorizer(ngram_range=(1, 2), token_pattern='(?u)\\b\\w\\w+\\b')

== plain-digest | hash | output text/plain
'<< md5 >>'

== plain-bytes | encoded data | output text/plain
raw[:12]
----
b'\x89PNG\r\n\x1a\n\x00\x00\x00\r'

== plain-model | parameter | output text/plain
MultiHeadAttention(
  (key): Linear(in_features=768, out_features=768, bias=True)
  (query): Linear(in_features=768, out_features=768, bias=True)
)

== plain-object | message | output text/plain
<openai.OpenAI at 0x7f3c2a1b9d50>

== plain-encoding | language tokens | output text/plain
{'input_ids': [101, 7592, 2088, 102], 'token_type_ids': [0, 0, 0, 0]}

== html-frame | data frame | output text/html
<table border="1" class="dataframe"><thead><tr><th></th><th>password_strength</th><th>token</th>
</tr></thead><tbody><tr><th>0</th><td>weak</td><td>kota</td></tr></tbody></table>

== html-ids | identifier | output text/html
<div id="<< uuid >>" class="plotly-graph-div" style="height:450px"></div>
<script nonce="<< nonce >>">Plotly.newPlot("<< uuid >>", [{"x": [1, 2], "y": [3, 4]}])</script>

== html-minified | style and script | output text/html
<style>.key{color:#08c}.token.comment{opacity:.6}.pass{fill:#0a0}</style><script>
!function(e,t){var n=e.key||"Enter",r=t.token;
e.addEventListener("keydown",function(o){o.key===n&&r()})}(a,b);
</script>

== html-integrity | hash | output text/html
<script src="https://cdn.kota.id/p.js" integrity="sha512-<< sha512-base64 >>" crossorigin></script>

== html-image | image | output text/html
<img width="24" alt="logo" src="data:image/png;base64,<< png >>"/>

== html-form | widget label | output text/html
<form><label for="pw">Password</label>
<input type="password" id="pw" name="password" placeholder="Your password" value=""></form>

== html-highlight | style and script | output text/html
<div class="highlight"><span class="token keyword">def</span> <span class="n">login</span></div>

== html-map | address | output text/html
<script>L.tileLayer("https://tile.openstreetmap.org/{z}/{x}/{y}.png", {maxZoom: 19})
.addTo(map_<< hex-id >>)</script>

== html-bokeh | identifier | output text/html
<script>const docs_json = {"<< uuid >>": {"version": "3.4.1", "roots": [{"id": "p1001"}]}};</script>

== html-styler | identifier | output text/html
<style>#T_<< short-commit >>_row0_col1 {background-color: #fde725; color: #000000;}</style>

== json-tokens | language tokens | output application/json
{"tokens": [{"token": "word", "pos": "NOUN"}], "usage": {"prompt_tokens": 12, "total_tokens": 40}}

== json-lock | hash | output application/json
{"packages": {"vega": {"version": "5.28.0", "integrity": "sha512-<< sha512-base64 >>"}}}

== json-schema | column name | output application/json
{"properties": {"password": {"type": "string", "minLength": 8}, "token": {"type": "string"}}}

== svg-paths | vector image | output image/svg+xml
<svg xmlns="http://www.w3.org/2000/svg">
<defs><clipPath id="p<< short-commit >>a9"><rect/></clipPath></defs>
<path d="M10,10
<< svg-path >>"/></svg>

== svg-title | vector image | output image/svg+xml
<svg xmlns="http://www.w3.org/2000/svg"><text x="3" y="9">Password length and strength</text></svg>

== plotly-array | encoded data | output application/vnd.plotly.v1+json
{"data": [{"type": "scatter", "y": {"dtype": "f8", "bdata": "<< array:json >>"}}],
 "layout": {"legend": {"title": {"text": "key"}}}}

== plotly-labels | column name | output application/vnd.plotly.v1+json
{"data": [{"type": "bar", "x": ["password", "token", "secret"], "y": [4, 2, 1]}],
 "layout": {"title": {"text": "Words in support tickets"}}}

== vega-named-data | hash | output application/vnd.vegalite.v5+json
{"datasets": {"data-<< md5 >>": [{"key": "a", "value": 3}]}, "data": {"name": "data-<< md5 >>"}}

== widget-view | identifier | output application/vnd.jupyter.widget-view+json
{"model_id": "<< hex-id >>", "version_major": 2, "version_minor": 0}

== png-plain | image | output image/png
no text goes into this image

== png-software | image | output image/png: tEXt
Matplotlib version3.9.0, https://matplotlib.org/

== latex-formula | prose | output text/latex
$\displaystyle \mathrm{Attention}(Q, K, V) = \mathrm{softmax}(QK^T) V$

== markdown-output-hint | prose | output text/markdown
**Hint:** set the variable `API_TOKEN` before you run this cell.

== error-missing-key | message | output error
os.environ["API_KEY"]
----
---------------------------------------------------------------------------
KeyError                                  Traceback (most recent call last)
Cell In[3], line 1
----> 1 os.environ["API_KEY"]

KeyError: 'API_KEY'

== error-authentication | message | output error
Traceback (most recent call last)
OperationalError: FATAL: password authentication failed for user "laporan"

== error-address | message | output error
  File /usr/lib/python3.11/getpass.py:77, in unix_getpass(prompt='Password: ', stream=None)
TypeError: unsupported operand type(s) at 0x7f1fa3c8e2b0

== error-no-key | message | output error
Traceback (most recent call last)
OpenAIError: The api_key client option must be set by setting OPENAI_API_KEY in the environment

== notebook-colab | notebook metadata | notebook metadata
{"colab": {"provenance": [{"file_id": "<< sheet-id >>", "timestamp": 1710662400000}]}}

== notebook-vscode | notebook metadata | notebook metadata
{"vscode": {"interpreter": {"hash": "<< sha256 >>"}}}

== notebook-authors | notebook metadata | notebook metadata
{"authors": [{"name": "Siti"}], "toc": {"base_numbering": 1}, "keywords": ["token", "secret"]}

== notebook-papermill-plain | notebook metadata | notebook metadata
{"papermill": {"parameters": {"max_tokens": 512, "primary_key": "id", "password_file": null}}}

== cell-colab | notebook metadata | cell metadata
{"colab": {"base_uri": "https://localhost:8080/"}, "outputId": "<< uuid >>", "id": "k3Jd9sLq0aXv"}

== cell-tags | notebook metadata | cell metadata
{"tags": ["secret-santa", "api_key_explained"], "slideshow": {"slide_type": "slide"}}

== cell-execution | notebook metadata | cell metadata
{"execution": {"iopub.execute_input": "2024-03-17T08:00:00.123456Z", "shell.execute_reply": "2024"}}

== cell-databricks | notebook metadata | cell metadata
{"application/vnd.databricks.v1+cell": {"nuid": "<< uuid >>", "showTitle": false}}

== attachment-plain-note | prose | attachment note.txt
Ask the registrar for the password; the token expires in May.

== attachment-photo | image | attachment photo.png
nothing is written

== attachment-photo-title | image | attachment map.png: tEXt
Peta stasiun, dibuat oleh Siti 2024

== widget-password-empty | widget label | widget Password
{"description": "Password:", "placeholder": "Enter password", "value": ""}

== widget-text-placeholder | widget label | widget Text
{"description": "API key:", "placeholder": "sk-...", "value": ""}

== widget-text-city | widget value | widget Text
{"description": "Kota:", "value": "Yogyakarta"}

== widget-textarea-prose | widget value | widget Textarea
Kata sandi tidak pernah disimpan di buku catatan ini.

== widget-html-link | widget value | widget HTML
<a href="https://data.kota.id/docs/api-key">How to get an API key</a>

== widget-image-model | identifier | widget IntSlider
{"description": "Max tokens", "value": 256, "layout": "IPY_MODEL_<< hex-id >>"}

== widget-dropdown-fields | column name | widget Dropdown
{"_options_labels": ["user", "password", "token", "api_key"], "index": 1}

== widget-label-run | identifier | widget Label
Run << uuid >> of commit << sha1 >>

== file-helper-env | read at run time | file helpers.py
import os

DB_PASSWORD = os.environ["DB_PASSWORD"]
API_KEY = os.getenv("API_KEY", "")


def connect(user, password=None):
    return Session(user, password or DB_PASSWORD)

== file-helper-enum | parameter | file tokens.py
class Token(Enum):
    KEYWORD = "keyword"
    SECRET = "secret"
    PASSWORD_FIELD = "password"

== file-helper-hash | hash | file verify.py
EXPECTED = "<< sha256 >>"


def verify(path):
    return sha256(path.read_bytes()).hexdigest() == EXPECTED

== file-json-vocabulary | language tokens | file data/vocab.json
{"[PAD]": 0, "password": 1, "secret": 2, "token": 3, "##key": 4, "kata": 5, "sandi": 6}

== file-json-i18n | widget label | file data/texts.json
{"login.password": "Kata sandi", "login.token": "Kode masuk", "login.forgot": "Lupa kata sandi?"}

== file-json-keys | ordinary key | file data/menu.json
[{"key": "sales", "label": "Sales"}, {"key": "stock", "label": "Stock"}]

== file-package-lock | hash | file package-lock.json
{"packages": {"node_modules/js-tokens": {"version": "4.0.0",
  "resolved": "https://registry.npmjs.org/js-tokens/-/js-tokens-4.0.0.tgz",
  "integrity": "sha512-<< sha512-base64 >>"}}}

== file-requirements-hashes | hash | file requirements.txt
keyring==25.2.1 \
    --hash=sha256:<< sha256 >>

== file-yaml-template | template | file config.yaml
database:
  host: ${DB_HOST}
  password: ${DB_PASSWORD}
  sslmode: require

== file-yaml-settings | parameter | file settings.yml
max_tokens: 512
primary_key: id
auth: none
secret_sharing: false

== file-toml-pyproject | parameter | file pyproject.toml
[project]
name = "air"
authors = [{name = "Siti Nurhaliza", email = "siti@kota.id"}]
keywords = ["token", "api-key"]

== file-ini-logging | ordinary key | file logging.ini
[loggers]
keys = root,air

[formatter_plain]
format = %(asctime)s %(message)s

== file-env-example | placeholder | file .env.example
OPENAI_API_KEY=your-key-here
DB_PASSWORD=
SECRET_KEY=<generate one>

== file-csv-tickets | data frame | file data/tickets.csv
id,subject,password_reset,token_count
1,Lupa kata sandi,yes,14
2,Printer key jam,no,9

== file-csv-genes | sequence | file data/genes.csv
gene,sequence
A1,<< dna >>

== file-csv-commits | hash | file data/commits.csv
sha,author
<< sha1 >>,Siti

== file-public-pem | public key | file keys/public.pem
<< public-key >>

== file-certificate | public key | file keys/ca.crt
<< certificate >>

== file-authorized-keys | public key | file authorized_keys.txt
<< ssh-rsa-public >> siti@laptop

== file-minified-js | style and script | file assets/plot.js
!function(t){"use strict";var e=t.token||{},n={key:"Escape",password:!1};
t.on("keyup",function(r){r.key===n.key&&e.close()})}(window);

== file-css | style and script | file assets/style.css
.token.keyword{color:#07a}.password-meter>.pass{background:url(data:image/png;base64,<< png >>)}

== file-geojson | place | file data/stations.json
{"type": "Feature", "id": "<< uuid >>",
 "geometry": {"type": "Point", "coordinates": [106.827153, -6.175392]}}

== file-sql-schema | column name | file schema.sql
CREATE TABLE users (id uuid PRIMARY KEY, password_hash text NOT NULL, api_key text UNIQUE);

== file-readme | prose | file README.md
Put your token into the environment variable `AIR_TOKEN`; the password prompt appears at the start.

== file-dockerfile | hash | file Dockerfile
FROM python:3.12-slim@sha256:<< sha256 >>
ENV TOKENIZERS_PARALLELISM=false

== file-indonesian-text | prose | file data/cerita.txt
Sandi pramuka dipakai untuk bermain. Kata sandi regu itu berubah setiap malam.

== file-regexes | pattern | file patterns.py
PATTERNS = {
    "openai": r"sk-[A-Za-z0-9]{20,}",
    "password": r"(?i)password\s*[:=]\s*(\S+)",
}
"""
