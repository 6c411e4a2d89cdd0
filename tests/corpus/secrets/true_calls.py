"""Secrets that code cells pass to well-known calls, to the shell and to magics."""

CASES = r"""
== openai-call | openai | code: keyword argument | openai-project
client = OpenAI(api_key="<< 1 >>")

== anthropic-call | anthropic | code: keyword argument | anthropic
client = anthropic.Anthropic(api_key="<< 1 >>")

== langchain-call | groq | code: keyword argument | groq
llm = ChatGroq(model="llama-3.1-8b-instant", temperature=0, groq_api_key="<< 1 >>")

== mistral-call | mistral | code: keyword argument | random-32
llm = Mistral(api_key="<< 1 >>")

== cohere-positional | cohere | code: positional argument | random-40
co = cohere.Client("<< 1 >>")

== replicate-call | replicate | code: keyword argument | replicate
rep = replicate.Client(api_token="<< 1 >>")

== openrouter-call | openrouter | code: keyword argument | openrouter
client = OpenAI(base_url="https://openrouter.ai/api/v1", api_key="<< 1 >>")

== nvidia-bearer | nvidia | code: dictionary key | nvidia
requests.post(invoke_url, headers={"Authorization": "Bearer << 1 >>"}, json=payload)

== pinecone-call | pinecone | code: keyword argument | pinecone
pc = Pinecone(api_key="<< 1 >>")

== elevenlabs-header | elevenlabs | code: dictionary key | elevenlabs
headers = {"xi-api-key": "<< 1 >>"}

== huggingface-login | huggingface | code: positional argument | huggingface
from huggingface_hub import login
login("<< 1 >>")

== huggingface-from-pretrained | huggingface | code: keyword argument | huggingface
model = AutoModel.from_pretrained("indobenchmark/indobert-base-p1", use_auth_token="<< 1 >>")

== wandb-login | wandb | code: keyword argument | hex-40
wandb.login(key="<< 1 >>")

== kaggle-environ | kaggle | code: os.environ | hex-32
os.environ["KAGGLE_USERNAME"] = "sitinur"
os.environ["KAGGLE_KEY"] = "<< 1 >>"

== psycopg2-keyword | postgresql | code: keyword argument | human
con = psycopg2.connect(host="db.kota.id", dbname="sales", user="laporan", password="<< 1 >>")

== psycopg2-dsn | postgresql | code: connection string | human-url
con = psycopg2.connect("host=db.kota.id dbname=sales user=laporan password=<< 1 >>")

== create-engine | postgresql | code: positional argument | human-url
engine = create_engine("postgresql+psycopg2://laporan:<< 1 >>@db.kota.id:5432/sales")

== create-engine-encoded | mysql | code: positional argument | human-encoded
engine = create_engine("mysql+pymysql://laporan:<< 1 >>@10.4.0.12/sales?charset=utf8mb4")

== pymysql-positional | mysql | code: positional argument | human
db = pymysql.connect("10.4.0.12", "laporan", "<< 1 >>", "sales")

== mongo-client | mongodb | code: positional argument | random-16
db = MongoClient("mongodb+srv://reader:<< 1 >>@cluster0.ab1cd.mongodb.net/?retryWrites=true").city

== redis-url | redis | code: positional argument | random-32
cache = redis.from_url("redis://:<< 1 >>@cache.kota.id:6379/0")

== redis-keyword | redis | code: keyword argument | human
cache = redis.Redis(host="cache.kota.id", port=6379, password="<< 1 >>", db=0)

== amqp-url | amqp | code: positional argument | human-url
where = pika.URLParameters("amqp://worker:<< 1 >>@mq.kota.id:5672/%2F")

== pika-credentials | amqp | code: positional argument | human
credentials = pika.PlainCredentials("worker", "<< 1 >>")

== odbc-string | odbc | code: connection string | human-url
con = pyodbc.connect(
    "DRIVER={ODBC Driver 18 for SQL Server};SERVER=sql.kota.id;DATABASE=sales;"
    "UID=laporan;PWD=<< 1 >>;Encrypt=yes"
)

== sql-server-url | sql-server | code: positional argument | human-url
engine = create_engine("mssql+pyodbc://laporan:<< 1 >>@sql.kota.id/sales?driver=ODBC+Driver+18")

== ado-connection-string | sql-server | code: plain name | human
connection_string = "Server=tcp:kota.database.windows.net;User ID=laporan;Password=<< 1 >>;"

== oracle-connect | oracle | code: connection string | human-url
con = oracledb.connect("laporan/<< 1 >>@ora.kota.id:1521/SALES")

== snowflake-connect | snowflake | code: keyword argument | human
con = snowflake.connector.connect(
    user="LAPORAN", password="<< 1 >>", account="xy12345.ap-southeast-1", warehouse="BI_WH",
)

== clickhouse-client | clickhouse | code: keyword argument | human
ch = clickhouse_connect.get_client(host="ch.kota.id", username="bi", password="<< 1 >>")

== databricks-sql | databricks | code: keyword argument | databricks
con = sql.connect(
    server_hostname="adb-72.4.azuredatabricks.net",
    http_path="/sql/1.0/warehouses/ab12",
    access_token="<< 1 >>",
)

== spark-conf | azure-storage | code: positional argument | azure-storage
spark.conf.set("fs.azure.account.key.hujan.dfs.core.windows.net", "<< 1 >>")

== boto3-client | aws | code: keyword argument | aws-id, aws-secret
s3 = boto3.client("s3", aws_access_key_id="<< 1 >>", aws_secret_access_key="<< 2 >>")

== boto3-session-positional | aws | code: positional argument | aws-id, aws-secret
session = boto3.Session("<< 1 >>", "<< 2 >>", region_name="ap-southeast-3")

== pandas-storage-options | aws | code: dictionary key | aws-id, aws-secret
frame = pd.read_parquet("s3://kota/raw/", storage_options={"key": "<< 1 >>", "secret": "<< 2 >>"})

== duckdb-secret | aws | code: SQL text | aws-id, aws-secret
con.execute("CREATE SECRET s (TYPE S3, KEY_ID '<< 1 >>', SECRET '<< 2 >>')")

== minio-call | minio | code: positional argument | random-24
store = Minio("minio.kota.id", "laporan", "<< 1 >>", secure=True)

== sql-create-user | password | code: SQL text | human
con.execute("CREATE USER laporan WITH PASSWORD '<< 1 >>'")

== sql-identified-by | password | code: SQL text | human
cursor.execute("ALTER USER 'web'@'%' IDENTIFIED BY '<< 1 >>'")

== requests-headers | bearer | code: dictionary key | random-40
r = requests.get(URL, headers={"Authorization": "Bearer << 1 >>", "Accept": "application/json"})

== requests-token-scheme | generic-token | code: dictionary key | hex-40
r = requests.get(URL, headers={"Authorization": "Token << 1 >>"})

== requests-auth-tuple | basic-auth | code: auth tuple | human
r = requests.get("https://api.kota.id/v1/air", auth=("laporan", "<< 1 >>"), timeout=30)

== http-basic-auth | basic-auth | code: positional argument | human
r = requests.get(URL, auth=HTTPBasicAuth("laporan", "<< 1 >>"))

== basic-auth-url | basic-auth-url | code: positional argument | human-url
frame = pd.read_csv("https://laporan:<< 1 >>@data.kota.id/export/air.csv")

== urllib-password-manager | basic-auth | code: positional argument | human
manager.add_password(None, "https://data.kota.id", "laporan", "<< 1 >>")

== header-append | generic-token | code: positional argument | random-32
session.headers.update([("X-Auth-Token", "<< 1 >>")])

== smtp-login | smtp | code: positional argument | human
server = smtplib.SMTP("smtp.kota.id", 587)
server.login("laporan@kota.id", "<< 1 >>")

== smtp-name | smtp | code: plain name | human
SMTP_USER, SMTP_PASS = "laporan@kota.id", "<< 1 >>"

== imap-login | imap | code: positional argument | human
box = imaplib.IMAP4_SSL("imap.kota.id")
box.login("laporan@kota.id", "<< 1 >>")

== ftp-constructor | ftp | code: positional argument | human
ftp = FTP("ftp.kota.id", "laporan", "<< 1 >>")

== ftp-url | ftp | code: plain name | human-url
source = "ftp://laporan:<< 1 >>@ftp.kota.id/2024/air.zip"

== paramiko-connect | ssh | code: keyword argument | human
ssh = paramiko.SSHClient()
ssh.connect("10.4.0.9", username="deploy", password="<< 1 >>")

== sftp-passphrase | passphrase | code: keyword argument | human
key = paramiko.RSAKey.from_private_key_file("id_rsa", password="<< 1 >>")

== load-pem-private-key | passphrase | code: keyword argument | human
key = serialization.load_pem_private_key(pem, password=b"<< 1 >>")

== zip-extract | zip-password | code: keyword argument | human
zipfile.ZipFile("raw.zip").extractall(pwd=b"<< 1 >>")

== pdf-open | pdf-password | code: keyword argument | human
pdf = pikepdf.open("statement.pdf", password="<< 1 >>")

== gradio-auth | password | code: auth tuple | human
demo.launch(auth=("admin", "<< 1 >>"), share=True)

== panel-basic-auth | password | code: dictionary key | human
pn.serve(app, basic_auth={"ana": "<< 1 >>"})

== neo4j-auth | neo4j | code: auth tuple | random-24
driver = GraphDatabase.driver("neo4j+s://ab12.databases.neo4j.io", auth=("neo4j", "<< 1 >>"))

== elastic-basic-auth | elasticsearch | code: auth tuple | human
es = Elasticsearch("https://es.kota.id:9200", basic_auth=("elastic", "<< 1 >>"))

== influx-call | influxdb | code: keyword argument | random-40
influx = InfluxDBClient(url="https://influx.kota.id", token="<< 1 >>", org="kota")

== telegram-url | telegram | code: f-string | telegram
requests.get(f"https://api.telegram.org/bot<< 1 >>/sendMessage?chat_id={chat}&text={text}")

== telegram-bot-call | telegram | code: keyword argument | telegram
bot = telegram.Bot(token="<< 1 >>")

== discord-run | discord | code: positional argument | discord-bot
client.run("<< 1 >>")

== discord-webhook-name | discord-webhook | code: plain name | discord-webhook
hook = "<< 1 >>"

== notion-call | notion | code: keyword argument | notion
notion = Client(auth="<< 1 >>")

== linear-header | linear | code: dictionary key | linear
headers = {"Authorization": "<< 1 >>", "Content-Type": "application/json"}

== airtable-call | airtable | code: positional argument | airtable
api = pyairtable.Api("<< 1 >>")

== shopify-session | shopify | code: positional argument | shopify
session = shopify.Session("toko.myshopify.com", "2024-04", "<< 1 >>")

== square-call | square | code: keyword argument | square
client = square.client.Client(access_token="<< 1 >>", environment="production")

== midtrans-call | midtrans | code: keyword argument | midtrans
snap = midtransclient.Snap(is_production=True, server_key="<< 1 >>")

== xendit-basic | xendit | code: auth tuple | xendit
requests.get("https://api.xendit.co/balance", auth=("<< 1 >>", ""))

== cloudflare-call | cloudflare | code: keyword argument | cloudflare
cf = CloudFlare.CloudFlare(token="<< 1 >>")

== datadog-initialize | datadog | code: keyword argument | hex-32, hex-40
datadog.initialize(api_key="<< 1 >>", app_key="<< 2 >>")

== newrelic-header | new-relic | code: dictionary key | newrelic
headers = {"Api-Key": "<< 1 >>"}

== sentry-init | sentry-dsn | code: keyword argument | hex-32
sentry_sdk.init(dsn="https://<< 1 >>@o77123.ingest.us.sentry.io/4507")

== mapbox-token | mapbox | code: keyword argument | mapbox
px.set_mapbox_access_token("<< 1 >>")

== algolia-client | algolia | code: positional argument | hex-32
search = SearchClient.create("B1G2GM9NG0", "<< 1 >>")

== supabase-client | supabase | code: positional argument | supabase
db = create_client("https://abcdefghijklmnopqrst.supabase.co", "<< 1 >>")

== vault-client | vault | code: keyword argument | vault
vault = hvac.Client(url="https://vault.kota.id", token="<< 1 >>")

== rapidapi-header | rapidapi | code: dictionary key | rapidapi
headers = {"X-RapidAPI-Key": "<< 1 >>", "X-RapidAPI-Host": "covid-193.p.rapidapi.com"}

== alphavantage-call | alphavantage | code: keyword argument | alphavantage
ts = TimeSeries(key="<< 1 >>", output_format="pandas")

== twitter-bearer | twitter | code: keyword argument | twitter
client = tweepy.Client(bearer_token="<< 1 >>")

== tweepy-handler | twitter | code: positional argument | random-24, random-40
auth = tweepy.OAuth1UserHandler("<< 1 >>", "<< 2 >>")

== praw-call | reddit | code: keyword argument | random-32
reddit = praw.Reddit(client_id="p-jcoLKBynTLew", client_secret="<< 1 >>", user_agent="kota")

== sshpass | ssh | code: shell line | human
!sshpass -p '<< 1 >>' scp deploy@10.4.0.9:/srv/raw.csv .

== env-magic | openai | code: %env | openai
%env OPENAI_API_KEY=<< 1 >>

== env-magic-password | password | code: %env | human-url
%env PGPASSWORD=<< 1 >>

== set-env-magic | langsmith | code: %set_env | langsmith
%set_env LANGCHAIN_API_KEY << 1 >>

== curl-bearer | bearer | code: shell line | random-40
!curl -s -H "Authorization: Bearer << 1 >>" https://api.kota.id/v1/air -o air.json

== curl-user | basic-auth | code: shell line | human-url
!curl -u laporan:<< 1 >> https://data.kota.id/air.csv -o air.csv

== shell-export | doppler | code: shell line | doppler
!export DOPPLER_TOKEN=<< 1 >> && make data

== wget-password | basic-auth | code: shell line | human-url
!wget --user=laporan --password=<< 1 >> https://data.kota.id/air.zip

== git-clone-token | github | code: shell line | github
!git clone https://<< 1 >>@github.com/kota/private-data.git

== git-clone-oauth2 | gitlab | code: shell line | gitlab
!git clone https://oauth2:<< 1 >>@gitlab.com/kota/data.git

== pip-index-url | private-registry | code: %pip | random-32
%pip install --index-url https://reader:<< 1 >>@pypi.kota.id/simple kota-tools

== mysql-dash-p | mysql | code: shell line | human-url
!mysql -h 10.4.0.12 -u laporan -p<< 1 >> sales < load.sql

== docker-login | docker | code: shell line | docker
!docker login -u kota -p << 1 >>

== huggingface-cli | huggingface | code: shell line | huggingface
!huggingface-cli login --token << 1 >>

== bash-cell | postgresql | code: %%bash | human-url
%%bash
export PGPASSWORD=<< 1 >>
psql -h db.kota.id -U laporan sales -c "select 1"

== bash-cell-token | tailscale | code: %%bash | tailscale
%%bash
tailscale up --authkey << 1 >>

== sql-magic | postgresql | code: %sql | human-url
%load_ext sql
%sql postgresql://laporan:<< 1 >>@db.kota.id/sales

== sql-cell-magic | mysql | code: %%sql | human-url
%%sql mysql+pymysql://laporan:<< 1 >>@db.kota.id/sales
select * from air limit 5

== writefile-env | password | code: %%writefile | human, stripe
%%writefile config.env
DB_PASSWORD=<< 1 >>
STRIPE_KEY=<< 2 >>

== writefile-kaggle | kaggle | code: %%writefile | hex-32
%%writefile kaggle.json
{"username": "sitinur", "key": "<< 1 >>"}

== writefile-npmrc | private-registry | code: %%writefile | random-40
%%writefile .npmrc
//npm.kota.id/:_authToken=<< 1 >>

== netrc-echo | netrc | code: shell line | human-url
!echo "machine data.kota.id login laporan password << 1 >>" > ~/.netrc

== os-system | password | code: os.system | human-url
os.system("PGPASSWORD=<< 1 >> pg_dump -h db.kota.id sales > sales.sql")

== subprocess-list | password | code: list | human
subprocess.run(["mysqldump", "-u", "laporan", "-p<< 1 >>", "sales"])

== openssl-pass | passphrase | code: shell line | human-url
!openssl enc -d -aes-256-cbc -in raw.enc -out raw.csv -pass pass:<< 1 >>
"""
