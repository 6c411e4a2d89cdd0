"""Code cells with hashes, identifiers, public keys and other data that looks random."""

CASES = r'''
== hash-of-file | hash | code
assert hashlib.sha256(raw).hexdigest() == "<< sha256 >>"

== md5-sum | hash | code
MD5 = "<< md5 >>"
download("https://data.kota.id/air.zip", md5=MD5)

== pooch-registry | hash | code
registry = {
    "air.csv": "sha256:<< sha256 >>",
    "rain.csv": "md5:<< md5 >>",
}

== git-commit | hash | code
REVISION = "<< sha1 >>"
dataset = load_dataset("kota/air", revision=REVISION)

== pip-git-commit | hash | code
%pip install git+https://github.com/pandas-dev/pandas@<< sha1 >>

== torch-hub-file | hash | code
url = "https://download.pytorch.org/models/resnet18-f37072fd.pth"

== integrity-script | hash | code
tag = '<script src="plot.js" integrity="sha512-<< sha512-base64 >>"></script>'

== docker-digest | hash | code
image = "python@sha256:<< sha256 >>"

== uuid-run | identifier | code
run_id = "<< uuid >>"

== uuid-dataset | identifier | code
url = "https://data.kota.id/api/3/action/package_show?id=<< uuid >>"

== uuid-namespace | identifier | code
stations = {"Bogor": "<< uuid >>", "Depok": uuid.uuid4()}

== experiment-id | identifier | code
mlflow.get_run("<< hex-id >>")

== sheet-id | identifier | code
sheet = "https://docs.google.com/spreadsheets/d/<< sheet-id >>/export?format=csv"
frame = pd.read_csv(sheet)

== drive-download | identifier | code
!gdown --id << sheet-id >> -O air.csv

== youtube | identifier | code
YouTubeVideo("<< youtube-id >>", width=600)

== long-number | identifier | code
order_number = 3201142903990004
tweet = "<< digits-18 >>"

== doi-isbn | identifier | code
doi = "10.1016/j.atmosenv.2023.119876"
isbn = "978-602-03-3295-6"
orcid = "0000-0002-1825-0097"

== phone | identifier | code
phone = "+62 812-3456-7890"
call_centre = "1500-046"

== tenant-public | identifier | code
client_id = "<< uuid >>"
tenant_id = "9b1c0a52-7d3e-4d0b-a2f5-0c64f2d8e713"

== account-sid | identifier | code
from twilio.rest import Client
account_sid = os.environ["TWILIO_SID"]
conversation = "CH" + conversations[0].sid

== bucket-etag | hash | code
url = "https://kota-open-data.s3.amazonaws.com/air.csv"
etag = '"<< md5 >>-12"'

== geohash | place | code
geohash = "qqguygvqz8kj"
plus_code = "6P58QRGG+9M"

== colours | colour | code
palette = {"low": "#2c7bb6", "middle": "#ffffbf", "high": "#d7191c"}

== coordinates | place | code
monas = (-6.175392, 106.827153)
bbox = "106.6894,-6.3708,106.9731,-6.0743"

== dna | sequence | code
sequence = "<< dna >>"
gc = (sequence.count("G") + sequence.count("C")) / len(sequence)

== protein | sequence | code
insulin = "MALWMRLLPLLALLALWGPDPAAAFVNQHLCGSHLVEALYLVCGERGFFYTPKTRREAEDLQVGQVELGGGPGAGSLQPLALEGSLQ"

== smiles | sequence | code
caffeine = "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"
inchi_key = "RYYVLZVUVIJVGH-UHFFFAOYSA-N"

== base32-text | encoded data | code
code = "<< base32-words >>"
decoded = base64.b32decode(code)

== pickled-model | encoded data | code
model = pickle.loads(base64.b64decode("<< pickle >>"))

== hex-dump | encoded data | code
packet = bytes.fromhex("<< hex-block >>")

== base64-logo | image | code
HTML('<img src="data:image/png;base64,<< png >>">')

== public-pem | public key | code
PUBLIC_KEY = """<< public-key >>"""

== certificate-pem | public key | code
CA = """
<< certificate >>
"""

== ssh-public-key | public key | code
authorized = "<< ssh-public >> siti@laptop"

== ssh-fingerprint | public key | code
expected = "<< fingerprint >>"
'''
