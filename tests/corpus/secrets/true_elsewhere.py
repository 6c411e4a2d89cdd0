"""Secrets outside the code: text cells, outputs, metadata, attachments, widgets, files."""

CASES = r'''
== markdown-password-sentence | password | markdown: text | human
## Access

Log in to the warehouse as `laporan`, the password is `<< 1 >>`. Ask Budi for the VPN.

== markdown-kata-sandi | kata_sandi | markdown: text | human
Untuk masuk ke basis data pakai pengguna **laporan** dan kata sandi: << 1 >>

== markdown-token-list | github | markdown: text | github
To do:

- [ ] rotate the token << 1 >>
- [x] publish the March figures

== markdown-fence-export | openai | markdown: code fence | openai
Before the first run:

```bash
export OPENAI_API_KEY=<< 1 >>
jupyter lab
```

== markdown-fence-python | aws | markdown: code fence | aws-id, aws-secret
```python
session = boto3.Session(
    aws_access_key_id="<< 1 >>",
    aws_secret_access_key="<< 2 >>",
)
```

== markdown-fence-curl | bearer | markdown: code fence | random-40
```
curl -H "Authorization: Bearer << 1 >>" https://api.kota.id/v1/air
```

== markdown-link-token | generic-token | markdown: link | random-32
The raw data is [here](https://data.kota.id/export.csv?token=<< 1 >>).

== markdown-link-userinfo | basic-auth-url | markdown: link | human-url
[Dashboard](https://laporan:<< 1 >>@dash.kota.id/)

== markdown-image-signed | azure-sas | markdown: link | azure-sas
![map](https://hujan.blob.core.windows.net/maps/a.png?sv=2022-11-02&sr=b&sp=r&sig=<< 1 >>)

== markdown-html-comment | password | markdown: HTML comment | human
The figures are final.

<!-- admin login: admin / password: << 1 >> -->

== markdown-table-credentials | password | markdown: table | human
| System | User | Password |
| ------ | ---- | -------- |
| sales  | bi   | << 1 >> |

== markdown-rsa | rsa-key | markdown: code fence | rsa-key
The deploy key:

```
<< 1 >>
```

== markdown-env-block | postgresql | markdown: code fence | human-url
```ini
DATABASE_URL=postgres://laporan:<< 1 >>@db.kota.id:5432/sales
```

== raw-config | generic-api-key | raw | random-32
---
title: Air quality
api_key: << 1 >>
---

== raw-python | postgresql | raw | human-url
engine = create_engine("postgresql://laporan:<< 1 >>@db.kota.id/sales")

== raw-latex | password | raw | human-url
\section{Access}
User laporan, password: << 1 >>

== stream-url | postgresql | output stdout | human-url
print("connecting to", engine.url.render_as_string(hide_password=False))
----
connecting to postgresql://laporan:<< 1 >>@db.kota.id:5432/sales

== stream-environment | stripe | output stdout | stripe
!env | sort
----
HOME=/home/siti
LANG=id_ID.UTF-8
STRIPE_SECRET_KEY=<< 1 >>
USER=siti

== stream-password-print | password | output stdout | human
print(f"user {user} password: {password}")
----
user laporan password: << 1 >>

== stream-http-debug | bearer | output stderr | random-40
DEBUG:http.client:send: b'GET /v1/air HTTP/1.1\r\nHost: api.kota.id\r\n'
DEBUG:http.client:header: Authorization: Bearer << 1 >>

== stream-ansi | github | output stdout | github
print(Fore.GREEN + token)
----
<< esc >>[32mtoken<< esc >>[0m: << 1 >>

== stream-private-key | openssh-key | output stdout | openssh-key
!cat ~/.ssh/id_ed25519
----
<< 1 >>

== stream-warning-url | mongodb | output stderr | random-16
UserWarning: slow answer from mongodb://reader:<< 1 >>@mongo.kota.id:27017/?tls=true

== plain-dict | password | output text/plain | human
vars(config)
----
{'host': 'db.kota.id', 'user': 'laporan', 'password': '<< 1 >>', 'port': 5432}

== plain-repr | openai | output text/plain | openai-project
Settings(model='gpt-4o-mini', api_key='<< 1 >>', timeout=30)

== plain-string | slack | output text/plain | slack-bot
'<< 1 >>'

== plain-frame | password | output text/plain | human, human
users.head()
----
   user   password
0   ana   << 1 >>
1  budi   << 2 >>

== plain-environ | aws | output text/plain | aws-id, aws-secret
os.environ
----
environ{'AWS_ACCESS_KEY_ID': '<< 1 >>',
        'AWS_SECRET_ACCESS_KEY': '<< 2 >>',
        'PATH': '/usr/bin:/bin'}

== html-entities | password | output text/html: entities | human
<p>login=laporan &amp; password=<< 1:html >></p>

== html-quot-json | generic-api-key | output text/html: entities | random-32
<div data-config="{&quot;api_key&quot;: &quot;<< 1 >>&quot;, &quot;zoom&quot;: 4}"></div>

== html-script | mapbox | output text/html: script | mapbox
<div id="map"></div>
<script>
  mapboxgl.accessToken = "<< 1 >>";
  var map = new mapboxgl.Map({container: "map", zoom: 9});
</script>

== html-script-fetch | bearer | output text/html: script | random-40
<script>
fetch("/v1/air", {headers: {"Authorization": "Bearer << 1 >>"}}).then(draw);
</script>

== html-table | password | output text/html: table | human
<table><thead><tr><th></th><th>user</th><th>password</th></tr></thead>
<tbody><tr><th>0</th><td>ana</td><td><< 1 >></td></tr></tbody></table>

== html-input-value | password | output text/html: attribute | human
<form><input type="password" name="pw" value="<< 1 >>"></form>

== html-iframe | basic-auth-url | output text/html: attribute | human-url
<iframe src="https://laporan:<< 1 >>@dash.kota.id/embed" width="700"></iframe>

== html-comment | generic-token | output text/html: comment | random-32
<!-- access_token: << 1 >> --><b>42 stations</b>

== html-tiles | generic-api-key | output text/html: script | uuid-key
<script>L.tileLayer("https://tiles.kota.id/{z}/{x}/{y}.png?api_key=<< 1 >>").addTo(map)</script>

== json-config | generic-token | output application/json | random-40
{"service": "air", "retries": 3, "auth": {"access_token": "<< 1 >>"}}

== json-nested | sendgrid | output application/json | sendgrid
{"mail": [{"from": "laporan@kota.id"}, {"provider": "sendgrid", "value": "<< 1 >>"}]}

== svg-text | password | output image/svg+xml | human-url
<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40">
<text x="4" y="20">mysql://laporan:<< 1 >>@db.kota.id/sales</text></svg>

== svg-metadata | gitlab | output image/svg+xml | gitlab
<svg xmlns="http://www.w3.org/2000/svg"><metadata>token=<< 1 >></metadata><rect width="4"/></svg>

== plotly-title | postgresql | output application/vnd.plotly.v1+json | human-url
{"data": [{"type": "bar", "x": ["a", "b"], "y": [1, 2]}],
 "layout": {"title": {"text": "Source: postgresql://bi:<< 1 >>@db.kota.id/sales"}}}

== plotly-mapbox | mapbox | output application/vnd.plotly.v1+json | mapbox
{"data": [{"type": "scattermapbox", "lat": [-6.2], "lon": [106.8]}],
 "layout": {"mapbox": {"accesstoken": "<< 1 >>", "zoom": 9}}}

== vega-url | generic-api-key | output application/vnd.vegalite.v5+json | hex-32
{"mark": "bar", "data": {"url": "https://api.kota.id/air.csv?apikey=<< 1 >>"},
 "encoding": {"x": {"field": "month", "type": "ordinal"}}}

== latex-text | password | output text/latex | random-24
\begin{tabular}{ll} user & laporan \\ password & \verb|<< 1 >>| \end{tabular}

== markdown-output | huggingface | output text/markdown | huggingface
Logged in with token `<< 1 >>`.

== javascript-output | google-api | output application/javascript | google-api
gapi.client.init({apiKey: "<< 1 >>", discoveryDocs: []}).then(start);

== png-text | password | output image/png: tEXt | human-url
postgresql://laporan:<< 1 >>@db.kota.id/sales

== png-itxt | openai | output image/png: iTXt | openai
{"model": "gpt-4o", "api_key": "<< 1 >>"}

== png-ztxt | aws | output image/png: zTXt | aws-id, aws-secret
aws_access_key_id = << 1 >>
aws_secret_access_key = << 2 >>

== error-connect | postgresql | output error | human-url
create_engine(url).connect()
----
---------------------------------------------------------------------------
OperationalError                          Traceback (most recent call last)
Cell In[4], line 1
----> 1 create_engine("postgresql://laporan:<< 1 >>@db.kota.id/sales").connect()

OperationalError: connection refused

== error-http | generic-api-key | output error | random-32
Traceback (most recent call last)
HTTPError: 401 Client Error for url: https://api.kota.id/v1/air?station=7&api_key=<< 1 >>

== error-value | openai | output error | openai
Traceback (most recent call last)
AuthenticationError: Incorrect API key provided: << 1 >>. You can find your key at the platform.

== error-locals | password | output error: local variables | human
Traceback (most recent call last)
    user = 'laporan'
    password = '<< 1 >>'
    host = 'db.kota.id'
ConnectionError: no route to host

== notebook-papermill | password | notebook metadata | human
{"papermill": {"parameters": {"month": "2024-03", "db_password": "<< 1 >>"}, "version": "2.6.0"}}

== notebook-environment | huggingface | notebook metadata | huggingface
{"env": {"HF_TOKEN": "<< 1 >>", "TZ": "Asia/Jakarta"}}

== notebook-sql | mysql | notebook metadata | human-url
{"sqlConnections": [{"name": "bi", "url": "mysql://bi:<< 1 >>@db.kota.id/sales"}]}

== notebook-description | gitlab | notebook metadata | gitlab
{"description": "Pulled with oauth2:<< 1 >> from the data project", "tags": ["air"]}

== cell-papermill | generic-token | cell metadata | random-40
{"tags": ["injected-parameters"], "papermill": {"parameters": {"api_token": "<< 1 >>"}}}

== cell-connection | postgresql | cell metadata | human-url
{"connection": {"uri": "postgresql://bi:<< 1 >>@db.kota.id/sales"}, "collapsed": true}

== cell-note | kata_sandi | cell metadata | human
{"catatan": {"pengguna": "siti", "kata_sandi": "<< 1 >>"}}

== attachment-text | password | attachment access.txt | human
user: laporan
password: << 1 >>

== attachment-env | slack-webhook | attachment settings.env | slack-webhook
SLACK_HOOK=<< 1 >>

== attachment-png | github | attachment screen.png: tEXt | github
git clone https://<< 1 >>@github.com/kota/private-data.git

== attachment-png-itxt | password | attachment screen.png: iTXt | human
login laporan, password=<< 1 >>

== widget-password | password | widget Password | human
{"description": "Password:", "value": "<< 1 >>", "placeholder": ""}

== widget-text | openai | widget Text | openai
{"description": "API key:", "value": "<< 1 >>"}

== widget-text-human | password | widget Text | human
{"description": "Kata sandi:", "value": "<< 1 >>"}

== widget-textarea | password | widget Textarea | human
host: db.kota.id
user: laporan
password: << 1 >>

== widget-textarea-pem | rsa-key | widget Textarea | pkcs8-key
<< 1 >>

== widget-html | postgresql | widget HTML | human-url
Connected to <code>postgresql://laporan:<< 1 >>@db.kota.id/sales</code>

== widget-html-script | generic-token | widget HTML | random-32
<b>Ready</b><script>window.apiToken = "<< 1 >>"</script>

== widget-label | bearer | widget Label | random-40
Authorization: Bearer << 1 >>

== widget-dropdown | postgresql | widget Dropdown | human-url
{"_options_labels": ["sales", "mysql://bi:<< 1 >>@db.kota.id/hr"], "index": 0}

== file-helper-name | password | file helpers.py | human
"""Reads the warehouse."""

DB_USER = "laporan"
DB_PASSWORD = "<< 1 >>"


def read(query):
    return run(query, DB_USER, DB_PASSWORD)

== file-helper-call | openai | file helpers.py | openai-project
from openai import OpenAI

client = OpenAI(api_key="<< 1 >>")

== file-helper-default | generic-token | file lib/air.py | random-40
def fetch(station, token="<< 1 >>"):
    return get(f"/stations/{station}", headers={"Authorization": f"Bearer {token}"})

== file-helper-comment | anthropic | file helpers.py | anthropic
# key for tests: << 1 >>
def ask(question):
    return client.messages.create(messages=[question])

== file-helper-compare | password | file gate.py | human
def allowed(password):
    return password == "<< 1 >>"

== file-helper-pem | ec-key | file signing.py | ec-key
SIGNING_KEY = """\
<< 1 >>
"""

== file-json | generic-api-key | file data/config.json | random-32
{
  "base_url": "https://api.kota.id",
  "api_key": "<< 1 >>",
  "retries": 3
}

== file-service-account | google-service-account | file data/service.json | pkcs8-key
{
  "type": "service_account",
  "project_id": "rainfall-prod",
  "private_key_id": "<< sha1 >>",
  "private_key": "<< 1:lines >>\n",
  "client_email": "reader@rainfall-prod.iam.gserviceaccount.com",
  "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs"
}

== file-kaggle | kaggle | file kaggle.json | hex-32
{"username": "sitinur", "key": "<< 1 >>"}

== file-yaml | password | file config.yaml | human
database:
  host: db.kota.id
  user: laporan
  password: << 1 >>
logging: info

== file-yaml-list | slack-webhook | file config.yml | slack-webhook
alerts:
  - name: data team
    url: << 1 >>

== file-kubernetes | password | file secret.yaml | human
apiVersion: v1
kind: Secret
metadata:
  name: warehouse
data:
  password: << 1:b64 >>

== file-toml | generic-token | file settings.toml | random-40
[service]
url = "https://api.kota.id"
token = "<< 1 >>"

== file-toml-streamlit | snowflake | file .streamlit/secrets.toml | human
[connections.snowflake]
account = "xy12345.ap-southeast-1"
user = "LAPORAN"
password = "<< 1 >>"

== file-ini | mysql | file db.ini | human
[client]
user = laporan
password = << 1 >>
host = db.kota.id

== file-aws-credentials | aws | file credentials.ini | aws-id, aws-secret
[default]
aws_access_key_id = << 1 >>
aws_secret_access_key = << 2 >>

== file-pypirc | pypi | file .pypirc | pypi
[pypi]
username = __token__
password = << 1 >>

== file-npmrc | private-registry | file .npmrc | npm
registry=https://registry.npmjs.org/
//registry.npmjs.org/:_authToken=<< 1 >>

== file-env | password | file .env | human, stripe
APP_ENV=production
DB_PASS=<< 1 >>
STRIPE_SECRET=<< 2 >>

== file-env-sandi | sandi | file .env | human
PENGGUNA=siti
SANDI_DB=<< 1 >>

== file-csv-passwords | password | file data/users.csv | human, human
user,password,role
ana,<< 1 >>,admin
budi,<< 2 >>,viewer

== file-csv-url | mongodb | file data/sources.csv | random-16
name,url
city,mongodb+srv://reader:<< 1 >>@cluster0.ab1cd.mongodb.net/city

== file-netrc | netrc | file .netrc | human-url
machine data.kota.id
login laporan
password << 1 >>

== file-pgpass | postgresql | file .pgpass | human-url
db.kota.id:5432:sales:laporan:<< 1 >>

== file-sql | password | file schema.sql | human
CREATE ROLE laporan LOGIN PASSWORD '<< 1 >>';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO laporan;

== file-notebook-like-json | bearer | file data/request.json | random-40
{"method": "GET", "headers": [{"name": "Authorization", "value": "Bearer << 1 >>"}]}

== file-pem | rsa-key | file keys/server.pem | rsa-key
<< 1 >>

== file-pgp | pgp-key | file keys/me.asc | pgp-key
<< 1 >>

== file-age-terraform | terraform | file backend.tf | terraform
credentials "app.terraform.io" {
  token = "<< 1 >>"
}

== file-properties | generic-secret | file app.properties | human
spring.datasource.username=laporan
spring.datasource.password=<< 1 >>

== file-xml | password | file connection.xml | human
<connection><user>laporan</user><password><< 1 >></password></connection>

== file-shell | postman | file run.sh | postman
#!/bin/sh
newman run air.json --postman-api-key << 1 >>

== file-docker-config | docker | file config/docker.json | basic
{"auths": {"https://index.docker.io/v1/": {"auth": "<< 1 >>"}}}

== file-markdown | atlassian | file NOTES.md | atlassian
Jira is read with laporan@kota.id and the token << 1 >>

== file-figma | figma | file design.json | figma
{"file": "Kx3", "personalAccessToken": "<< 1 >>"}

== file-planetscale | planetscale | file pscale.env | planetscale
PLANETSCALE_SERVICE_TOKEN=<< 1 >>

== file-dropbox | dropbox | file box.py | dropbox
dbx = dropbox.Dropbox("<< 1 >>")

== file-grafana | grafana | file grafana.yaml | grafana
grafana:
  url: https://grafana.kota.id
  service_account: << 1 >>

== file-sentry-token | sentry-token | file .sentryclirc | sentry-user
[auth]
token=<< 1 >>

== stdout-dollar | password | output stdout | human-dollar
connecting as laporan, password=<< 1 >>

== file-ini-question | password | file login.ini | human-question
[db]
user = laporan
password = << 1 >>
'''
