import os
key = os.environ["STRIPE_SECRET_KEY"]
token = os.getenv("GITHUB_TOKEN", "")
client = Client(api_key=settings.OPENAI_API_KEY, secret=get_secret("aws/secret_access_key"))
aws_secret_access_key = boto3.Session().get_credentials().secret_key
AWS_SECRET_ACCESS_KEY = config["aws_secret_access_key"]
password = "<your-password>"
url = f"postgres://{user}:{password}@{host}:{port}/{name}"
url = "postgres://%s:%s@%s/%s" % (user, password, host, name)
request_id = "6f9619ff-8b86-4d11-b42d-00c04fc964ff"
commit = "9fceb02d0ae598e95dc970b74767f19372d61af8"
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
etag = '"33a64df551425fcc55e4d42a148795d9f25f89d4"'
if token.startswith("ghp_") or token.startswith("sk-ant-") or token.startswith("xoxb-"):
    raise ValueError("tokens start with ghp_, github_pat_, glpat-, AKIA or -----BEGIN RSA PRIVATE KEY-----")
PATTERN = r"ghp_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|sk_live_[0-9a-zA-Z]{24}|AIza[0-9A-Za-z_-]{35}"
