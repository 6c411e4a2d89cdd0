"""Secrets as analysts leave them in notebooks. No finder was tuned on these cases."""

from __future__ import annotations

from .parts import Case, read_cases

CASES = r'''
== selenium-portal | web login | code: method argument | people
driver.get("https://simpeg.nusadata.co.id/login")
driver.find_element(By.NAME, "nip").send_keys("198703122010")
driver.find_element(By.ID, "pass").send_keys("<< 1 >>")
driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()

== selenium-field-variable | web login | code: method argument | people
pw_field = wait.until(EC.presence_of_element_located((By.XPATH, "//input[@type='password']")))
pw_field.send_keys("<< 1 >>", Keys.ENTER)

== playwright-fill | web login | code: method argument | manager-20
page.fill("#email", "dina@nusadata.co.id")
page.fill("#password", "<< 1 >>")

== instaloader | social login | code: positional argument | people
L = instaloader.Instaloader()
L.login("warga.data", "<< 1 >>")

== form-post | web login | code: dictionary key | people
s = requests.Session()
s.post(BASE_URL + "/Account/Login", data={"txtUser": "rizky.p", "txtPass": "<< 1 >>"})

== streamlit-gate | password | code: comparison | people
if st.sidebar.text_input("Password", type="password") != "<< 1 >>":
    st.error("Wrong password")
    st.stop()

== input-loop | password | code: comparison | people-plain
while input("Kata kunci: ") != "<< 1 >>":
    print("Coba lagi")

== opencage-geopy | geocoding | code: positional argument | hex-32
from geopy.geocoders import OpenCage
geocode = RateLimiter(OpenCage("<< 1 >>").geocode, min_delay_seconds=1)

== googlemaps-client | google-api | code: keyword argument | google-api
gmaps = googlemaps.Client(key='<< 1 >>')

== foursquare-header | foursquare | code: dictionary key | foursquare
headers = {"accept": "application/json", "Authorization": "<< 1 >>"}
places = requests.get("https://api.foursquare.com/v3/places/search", headers=headers).json()

== gemini-configure | gemini | code: keyword argument | gemini
genai.configure(api_key="<< 1 >>")
model = genai.GenerativeModel("gemini-1.5-flash")

== azure-openai | azure-openai | code: keyword argument | hex-32
client = AzureOpenAI(
    azure_endpoint="https://nd-oai-sea.openai.azure.com/",
    api_key="<< 1 >>",
    api_version="2024-02-15-preview",
)

== tavily-environ | tavily | code: os.environ | tavily
os.environ['TAVILY_API_KEY'] = '<< 1 >>'
search = TavilySearchResults(max_results=3)

== deepseek-chain | deepseek | code: keyword argument | deepseek
llm = ChatOpenAI(model='deepseek-chat', base_url='https://api.deepseek.com',
                 openai_api_key='<< 1 >>', temperature=0.2)

== provider-dict | several keys | code: dictionary value | perplexity, xai
KUNCI = {
    "perplexity": "<< 1 >>",
    "grok": "<< 2 >>",
}

== rotating-keys | google-api | code: list | google-api, google-api
API_KEYS = ["<< 1 >>",
            "<< 2 >>"]
youtube = build("youtube", "v3", developerKey=random.choice(API_KEYS))

== langfuse-handler | langfuse | code: keyword argument | langfuse
handler = CallbackHandler(public_key="pk-lf-<< uuid >>", secret_key="<< 1 >>")

== cognitive-header | azure-cognitive | code: dictionary key | hex-32
r = requests.post(endpoint, headers={'Ocp-Apim-Subscription-Key': '<< 1 >>',
                                     'Content-Type': 'application/octet-stream'}, data=img)

== bps-path | open data key | code: address path | hex-32
var = 543
url = f"https://webapi.bps.go.id/v1/api/list/model/data/domain/3200/var/{var}/key/<< 1 >>/"

== fred-series | open data key | code: keyword argument | hex-32
from fredapi import Fred
fred = Fred(api_key='<< 1 >>')
cpi = fred.get_series("CPIAUCSL")

== census-positional | open data key | code: positional argument | hex-40
c = Census("<< 1 >>", year=2020)

== nasdaq-config | market data key | code: attribute assignment | upper-20
nasdaqdatalink.ApiConfig.api_key = "<< 1 >>"

== ccxt-exchange | crypto exchange | code: dictionary key | random-64, random-64
ex = ccxt.binance({'apiKey': '<< 1 >>', 'secret': '<< 2 >>', 'enableRateLimit': True})

== ngrok-set | ngrok | code: positional argument | ngrok
from pyngrok import ngrok
ngrok.set_auth_token("<< 1 >>")
print(ngrok.connect(8501))

== telebot | telegram | code: plain name | telegram
TOKEN_BOT = "<< 1 >>"
bot = telebot.TeleBot(TOKEN_BOT)

== yagmail-app-password | smtp | code: positional argument | app-password
yag = yagmail.SMTP("laporan.harian@gmail.com", "<< 1 >>")
yag.send(to=penerima, subject="Rekap penjualan", attachments="rekap.xlsx")

== gmail-name | smtp | code: plain name | app-password-run
sender = "nusadata.report@gmail.com"
gmail_app_pw = "<< 1 >>"

== exchange-credentials | mail | code: positional argument | people
acc = Account("dina@nusadata.co.id", credentials=Credentials("NUSA\\dina", "<< 1 >>"))

== snowflake-url | snowflake | code: keyword argument | people
engine = create_engine(URL(
    account = 'nd81234.ap-southeast-1',
    user = 'SVC_LOOKER',
    password = '<< 1 >>',
    warehouse = 'WH_XS', database = 'MART', role = 'ANALYST'))

== spark-snowflake | snowflake | code: dictionary key | manager-20
sfOptions = {
  "sfURL" : "nd81234.snowflakecomputing.com",
  "sfUser" : "ETL_SPARK",
  "sfPassword" : "<< 1 >>",
  "sfDatabase" : "MART",
}

== spark-jdbc | jdbc | code: method argument | people
df = (spark.read.format("jdbc")
      .option("url", "jdbc:postgresql://10.20.1.7:5432/siakad")
      .option("dbtable", "public.mahasiswa")
      .option("user", "siakad_ro")
      .option("password", "<< 1 >>")
      .load())

== hadoop-conf | aws | code: method argument | aws-id, aws-secret
hc = spark._jsc.hadoopConfiguration()
hc.set("fs.s3a.access.key", "<< 1 >>")
hc.set("fs.s3a.secret.key", "<< 2 >>")

== jaydebeapi-list | jdbc | code: list | people
conn = jaydebeapi.connect("com.ibm.db2.jcc.DB2Driver", "jdbc:db2://10.9.8.7:50000/CORE",
                          ["dbread", "<< 1 >>"], "/opt/db2jcc4.jar")

== teradata-json | teradata | code: JSON text | people
con = teradatasql.connect('{"host":"tdprod","user":"ana_ro","password":"<< 1 >>"}')

== mysql-parameters | mysql | code: tuple | people
DB = ("10.20.1.9", "root", "<< 1 >>", "siakad")
cnx = mysql.connector.connect(host=DB[0], user=DB[1], passwd=DB[2], database=DB[3])

== url-create | mysql | code: positional argument | people
url = sqlalchemy.engine.URL.create("mysql+pymysql", "hr_app", "<< 1 >>", "10.20.1.9", 3306, "hr")

== neon-url | postgresql | code: positional argument | neon
engine = sa.create_engine(
    "postgresql://neondb_owner:<< 1 >>@ep-cool-frog-a1b2c3.ap-southeast-1.aws.neon.tech/neondb"
)

== cosmos-key | azure-cosmos | code: positional argument | azure-storage
cosmos = CosmosClient("https://nd-telemetry.documents.azure.com:443/", "<< 1 >>")

== event-hub-string | azure-bus | code: connection string | azure-bus
EVENTHUB = ("Endpoint=sb://nd-iot.servicebus.windows.net/;SharedAccessKeyName=listen;"
            "SharedAccessKey=<< 1 >>;EntityPath=meter")

== trino-basic | trino | code: positional argument | people
auth = trino.auth.BasicAuthentication("svc_bi", "<< 1 >>")

== tunnel | ssh | code: keyword argument | people
tunnel = SSHTunnelForwarder(("203.0.113.40", 22), ssh_username="ubuntu", ssh_password="<< 1 >>",
                            remote_bind_address=("127.0.0.1", 3306))

== ftp-two-steps | ftp | code: keyword argument | people
ftp = ftplib.FTP("ftp.nusadata.co.id")
ftp.login(user='upload_hr', passwd='<< 1 >>')

== mqtt-username | mqtt | code: positional argument | people
client = mqtt.Client("gateway-3")
client.username_pw_set("esp32", "<< 1 >>")

== kafka-sasl | kafka | code: dictionary key | random-64
conf = {'bootstrap.servers': 'pkc-4r297.ap-southeast-1.aws.confluent.cloud:9092',
        'security.protocol': 'SASL_SSL', 'sasl.mechanisms': 'PLAIN',
        'sasl.username': 'XJ6KQ2ZL5V7WN4TB', 'sasl.password': '<< 1 >>'}

== sts-session | aws | code: keyword argument | aws-session-id, aws-secret, aws-session-token
athena = boto3.client(
    'athena', region_name='ap-southeast-3',
    aws_access_key_id='<< 1 >>',
    aws_secret_access_key='<< 2 >>',
    aws_session_token='<< 3 >>')

== wrangler-r2 | object storage | code: keyword argument | hex-32, hex-64
fs = s3fs.S3FileSystem(key='<< 1 >>', secret='<< 2 >>',
                       client_kwargs={'endpoint_url': 'https://a1.r2.cloudflarestorage.com'})

== google-refresh-credentials | google-oauth | code: keyword argument | google-refresh, google-oauth
creds = Credentials(None, refresh_token="<< 1 >>",
                    token_uri="https://oauth2.googleapis.com/token",
                    client_id="<< digits-12 >>-ab.apps.googleusercontent.com",
                    client_secret="<< 2 >>")

== msal-app | azure-ad | code: keyword argument | azure-ad
app = msal.ConfidentialClientApplication("<< uuid >>", client_credential="<< 1 >>",
                                         authority=AUTHORITY)

== tableau-token | tableau | code: positional argument | random-32
auth = TSC.PersonalAccessTokenAuth('nb-refresh', '<< 1 >>', site_id='nusadata')

== salesforce-login | salesforce | code: keyword argument | people, salesforce
sf = Salesforce(username='crm@nusadata.co.id', password='<< 1 >>', security_token='<< 2 >>')

== hubspot-name | hubspot | code: plain name | hubspot
hs = '<< 1 >>'
api = HubSpot(access_token=hs)

== spotipy-positional | spotify | code: keyword argument | hex-32
sp = spotipy.Spotify(auth_manager=SpotifyClientCredentials(
    client_id="<< hex-id >>", client_secret="<< 1 >>"))

== graph-api | facebook | code: plain name | facebook
ACCESS = "<< 1 >>"
g = requests.get("https://graph.facebook.com/v19.0/me/adaccounts", params=dict(access_token=ACCESS))

== neptune-run | neptune | code: keyword argument | neptune
run = neptune.init_run(project="nd/churn", api_token="<< 1 >>")

== comet-experiment | comet | code: keyword argument | random-25
exp = Experiment(api_key="<< 1 >>", project_name="churn", workspace="fitrih")

== roboflow | roboflow | code: keyword argument | upper-20
rf = Roboflow(api_key="<< 1 >>")
dataset = rf.workspace("nd").project("helmets").version(3).download("yolov8")

== mlflow-tracking | mlflow | code: os.environ | manager-20
os.environ.update({'MLFLOW_TRACKING_USERNAME': 'fitri', 'MLFLOW_TRACKING_PASSWORD': '<< 1 >>'})

== airflow-connection | airflow | code: keyword argument | people
c = Connection(conn_id="dwh_pg", conn_type="postgres", host="10.20.1.7", login="airflow_dwh",
               password="<< 1 >>", schema="mart")

== misspelt-name | password | code: plain name | people
usr = "dina"
passwrd = "<< 1 >>"

== token-akses | token_akses | code: plain name | random-40
token_akses = "<< 1 >>"
kepala = {"Authorization": "Bearer " + token_akses}

== sandiku-tuple | sandi | code: tuple assignment | people
emailku, sandiku = "rina.w@gmail.com", "<< 1 >>"

== argparse-default | password | code: keyword argument | people
parser.add_argument("--db-pass", default="<< 1 >>", help="password of the mart")

== secret-str | password | code: positional argument | manager-14
class Cfg(BaseSettings):
    dwh_password: SecretStr = SecretStr("<< 1 >>")

== copied-cookie | cookie | code: dictionary key | lower-20
headers = {
    'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)',
    'cookie': '_ga=GA1.3.1120.1709; PHPSESSID=<< 1 >>; lang=id',
}

== excel-key | file password | code: keyword argument | people
book = msoffcrypto.OfficeFile(open("gaji_2023.xlsx", "rb"))
book.load_key(password="<< 1 >>")

== comment-slash | password | code: comment | people
# login superset: rizky / << 1 >>  (jgn disebar ya)
charts = pd.read_csv("superset_export.csv")

== dotenv-stream | dotenv | code: triple quotes | people, okta
load_dotenv(stream=io.StringIO("""
export MART_PWD='<< 1 >>'
OKTA_API_TOKEN=<< 2 >>
"""))

== r-cell | postgresql | code: %%R | people
%%R
library(DBI)
con <- dbConnect(RPostgres::Postgres(), host = "10.20.1.7", user = "r_ro", password = "<< 1 >>")

== wandb-shell | wandb | code: shell line | hex-40
!wandb login << 1 >>

== kaggle-echo | kaggle | code: shell line | hex-32
!mkdir -p ~/.kaggle && echo '{"username":"fitrih","key":"<< 1 >>"}' > ~/.kaggle/kaggle.json

== unzip-password | zip-password | code: shell line | people-plain
!unzip -q -P << 1 >> data_rahasia.zip -d data/

== sudo-pipe | sudo | code: shell line | people-plain
!echo << 1 >> | sudo -S apt-get -y install tesseract-ocr-ind

== aws-configure | aws | code: shell line | aws-id, aws-secret
!aws configure set aws_access_key_id << 1 >>
!aws configure set aws_secret_access_key << 2 >>

== docker-run | postgresql | code: %%bash | people-plain
%%bash
docker run -d --name pg -e POSTGRES_USER=mart -e POSTGRES_PASSWORD=<< 1 >> -p 5433:5432 postgres:16

== minio-alias | object storage | code: shell line | random-32
!mc alias set nd https://minio.nusadata.co.id etl << 1 >>

== remote-set-url | github | code: shell line | github-oauth
!git remote set-url origin https://fitrih:<< 1 >>@github.com/nusadata/churn.git

== clearml-env | clearml | code: %env | random-43
%env CLEARML_API_ACCESS_KEY=9QK2W7T4
%env CLEARML_API_SECRET_KEY=<< 1 >>

== note-chat | password | markdown: text | people
Catatan: VPN-nya pakai user `dina`, passwordnya `<< 1 >>` ya. Kalau gagal hubungi Mas Bayu.

== note-heading | prefect | markdown: text | prefect
### API key (Prefect)

<< 1 >>

== note-details | mongodb | markdown: HTML | people-plain
<details><summary>Koneksi</summary>

mongodb://app_ro:<< 1 >>@10.20.3.3:27017/telemetri?authSource=admin

</details>

== note-jdbc | jdbc | markdown: text | people-plain
Looker uses `jdbc:mysql://10.20.1.9:3306/hr?user=looker&password=<< 1 >>&useSSL=false`.

== note-tabel | sandi | markdown: table | people, people
| Sistem   | Pengguna | Sandi |
|----------|----------|-------|
| SIAKAD   | operator | << 1 >> |
| E-Kinerja | 19870312 | << 2 >> |

== raw-quarto | parameters | raw | people
---
title: Rekap triwulan
params:
  periode: 2024Q1
  mart_password: "<< 1 >>"
---

== out-oauth | google-oauth | output stdout | google-access
print(token_response)
----
{'access_token': '<< 1 >>', 'expires_in': 3599, 'scope': 'drive.readonly', 'token_type': 'Bearer'}

== out-server-list | jupyter | output stdout | hex-48
!jupyter server list
----
[JupyterServerListApp] Currently running servers:
http://lab-07:8888/?token=<< 1 >> :: /home/fitri/nb

== out-pip-index | private-registry | output stdout | azure-devops
Looking in indexes: https://pypi.org/simple, https://build:<< 1 >>@pkgs.dev.azure.com/nd/simple/
Requirement already satisfied: pandas in /usr/lib/python3/dist-packages (2.1.4)

== out-curl-verbose | basic-auth | output stderr | basic
* Connected to api.nusadata.co.id (203.0.113.7) port 443
> GET /v2/meter HTTP/1.1
> Authorization: Basic << 1 >>
> User-Agent: curl/7.88.1

== out-secret-string | password | output text/plain | people
sm.get_secret_value(SecretId="mart/ro")
----
{'ARN': 'arn:aws:secretsmanager:ap-southeast-3:<< digits-12 >>:secret:mart/ro-Xk2PqL',
 'Name': 'mart/ro',
 'SecretString': '{"username":"mart_ro","password":"<< 1 >>"}'}

== out-validation | password | output error | people
Traceback (most recent call last)
ValidationError: 1 validation error for Cfg [type=missing, input_value={'dwh_password': '<< 1 >>'}]

== out-frame-html | several keys | output text/html: table | jina, firecrawl
<table border="1" class="dataframe"><tbody>
<tr><th>0</th><td>jina</td><td><< 1 >></td></tr>
<tr><th>1</th><td>firecrawl</td><td><< 2 >></td></tr></tbody></table>

== out-inspect | postgresql | output application/json | people
{"Config": {"Image": "postgres:16", "Env": ["LANG=en_US.utf8", "POSTGRES_PASSWORD=<< 1 >>"]}}

== meta-databricks | password | notebook metadata | people
{"application/vnd.databricks.v1+notebook": {"widgets": {"db_pass": {"currentValue": "<< 1 >>"}}}}

== meta-cell-form | kaggle | cell metadata | kaggle-new
{"cellView": "form", "params": {"kaggle_token": "<< 1 >>", "refresh": true}}

== ui-output | jwt | widget Output | jwt-user
{"outputs": [{"output_type": "stream", "name": "stdout", "text": "masuk, token: << 1 >>\n"}]}

== ui-text-pin | pin | widget Text | pin-6
{"description": "PIN:", "value": "<< 1 >>"}

== held-profiles | dbt | file profiles.yml | people
mart:
  target: prod
  outputs:
    prod:
      type: postgres
      host: 10.20.1.7
      user: dbt_runner
      pass: "<< 1 >>"
      threads: 4

== held-compose | docker | file docker-compose.yml | people-plain, fernet
services:
  airflow:
    image: apache/airflow:2.8.1
    environment:
      - AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://af:<< 1 >>@pg/airflow
      - AIRFLOW__CORE__FERNET_KEY=<< 2 >>

== held-streamlit | several keys | file .streamlit/secrets.toml | aiven, dbt
[mysql]
host = "mysql-nd.aivencloud.com"
username = "avnadmin"
password = "<< 1 >>"

[dbt]
service_token = "<< 2 >>"

== held-airflow-json | airflow | file data/connections.json | people
{"sftp_bank": {"conn_type": "sftp", "host": "203.0.113.9", "login": "nd", "password": "<< 1 >>"}}

== held-batch | stripe | file run.bat | stripe-restricted
@echo off
set STRIPE_KEY=<< 1 >>
python tarik_pembayaran.py

== held-renviron | password | file .Renviron | people-plain
MART_USER=r_ro
MART_PWD=<< 1 >>

== held-notes | password | file catatan.txt | people
server lama 10.20.1.9
user: root
pw: << 1 >>

== held-browser-cookies | cookie | file cookies.json | random-40
[{"domain": ".nusadata.co.id", "name": "sessionid", "value": "<< 1 >>", "httpOnly": true}]

== held-settings | django | file settings.py | people
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        "USER": "siakad",
        "PASSWORD": "<< 1 >>",
        "HOST": "10.20.1.9",
    }
}
'''


def unseen_true() -> list[Case]:
    """The cases with something to find."""
    return read_cases(CASES)
