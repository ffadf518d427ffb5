package terraform.secrets_test

import rego.v1

import data.terraform.fixtures
import data.terraform.secrets

lambda(variables) := fixtures.create("aws_lambda_function", {"environment": [{"variables": variables}]})

# The rules that a variable breaks.
found(name, text) := rules if {
	denied := fixtures.ids(secrets.deny) with input as fixtures.plan([lambda({name: text})])
	warned := fixtures.ids(secrets.warn) with input as fixtures.plan([lambda({name: text})])
	rules := denied | warned
}

# Put together, so that nobody takes them for secrets of ours.
joined(parts) := concat("", parts)

by_shape := {
	"AWS": "AKIAIOSFODNN7EXAMPLE",
	"AWS for a while": "ASIAIOSFODNN7EXAMPLE",
	"GitHub": joined(["gh", "p_", "16C7e42F292c6912E7710c838347Ae178B4a"]),
	"GitHub, fine-grained": joined(["github_", "pat_", "11AAAAAAA0abcdefghijkl_x"]),
	"GitLab": joined(["gl", "pat-", "abcdefghij1234567890"]),
	"Slack": joined(["xo", "xb-", "123456789012-abcdef"]),
	"Slack's webhook": joined(["https://hooks.", "slack.com/services/T0/B0/abc"]),
	"Stripe": joined(["sk_", "live_", "abcdefghijklmnop"]),
	"Google": joined(["AI", "za", "SyA1234567890abcdefghijklmnopqrstuv"]),
	"private key": joined(["-----BEGIN RSA ", "PRIVATE KEY-----\nMII"]),
	"private key, encoded": joined(["LS0tLS1", "CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ=="]),
	"JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
	"URL": "postgres://user:pass@host/db",
	"URL without a name": "redis://:pw@h:6379",
	"DSN": "user:pass@tcp(db:3306)/app",
	"header": joined(["Authorization: Bea", "rer abcdef0123456789"]),
	"header in JSON": joined([`{"headers":"{\"authorization\":\"Bas`, `ic dXNlcjpwYXNz\"}"}`]),
	"connection string": "Server=db;User=sa;Password=Sup3rSecret;",
	"JSON": `{"db":{"password":"swordfish"}}`,
	"JSON in JSON": `{"db":"{\"password\":\"swordfish\"}"}`,
}

test_shapes if every text in by_shape { found("X", text) == {"CARE-SEC-001"} }

by_name := {
	"DB_PASSWORD": "hunter2",
	"dbPassword": "changeme",
	"PGPASSWORD": "Tr0ub4dor&3",
	"MYSQL_PWD": "root",
	"PASS": "12345678",
	"DB_PASSWORD_PROD": "abcdef",
	"API_KEY": "d41d8cd98f00b204e9800998ecf8427e",
	"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	"JWT_SECRET": "supersecret-value",
	"GITHUB_TOKEN": "0123456789abcdef0123456789abcdef01234567",
	"SECRET": "correct horse",
	"ENCRYPTION_KEY": "00112233445566778899aabbccddeeff",
	"DB_CREDENTIALS": "hunter2",
	"dbpass": "hunter2hunter2",
	"SMTP_ROOTPW": "hunter2",
	"LICENSE_KEY": "4f3c2a1b9d8e7f60514233241506f7e8",
	"BASIC_AUTH": "admin:hunter2",
}

test_names if every name, text in by_name { found(name, text) == {"CARE-SEC-002"} }

test_random_texts if {
	every name in ["KEY", "hmacKey", "REQUEST_SALT", "APP_KEY2"] {
		every text in ["4f3c2a1b9d8e7f60514233241506f7e8", "4F3C2A1B9D8E7F60514233241506F7E8"] {
			found(name, text) == {"CARE-SEC-003"}
		}
	}
	every name in ["GIT_SHA", "PUBLIC_KEY", "CACHE_KEY", "KEY_ID"] {
		found(name, "4f3c2a1b9d8e7f60514233241506f7e8") == set()
	}
	found("KEY", "4f3c2a1b9d8e7f60514233241506f7e") == set()
	found("SALT", "q8Zr3LwT0xVb7NcY2mKd") == {"CARE-SEC-003"}
	found("A", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY") == {"CARE-SEC-003"}
	found("A", concat("", ["prefix-", "q8Zr3LwT0xVb7NcY2mKd"])) == {"CARE-SEC-003"}
}

ordinary := {
	"STAGE": "dev",
	"EMPTY_TOKEN": "",
	"TABLE": "orders-prod-v2",
	"DB_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:111111111111:secret:prod/db-AbCdEf",
	"DB_PASSWORD": "arn:aws:ssm:us-east-1:111111111111:parameter/db",
	"DB_PASSWORD_PARAMETER": "/prod/db/password",
	"PASSWORD_MIN_LENGTH": "12",
	"MAX_TOKENS": "4096",
	"TOKEN": "https://idp.example.com/token",
	"SECRET_NAME": "prod-db",
	"DB_SECRET": "prod/app/db",
	"DB_CREDENTIALS": "my-app-credentials",
	"USE_TOKEN": "true",
	"AUTH_TOKEN": "none",
	"PIN_PASSWORD": "1234",
	"API_PASSWORD": "{{resolve:secretsmanager:prod/db}}",
	"APP_PASSWORD": "ssm:/prod/db",
	"ENC_PASSWORD": "AQICAHhxEXAMPLEq8Zr3LwT0xVb7NcY2mKdq8Zr3LwT0xVb7NcY2mKd==",
	"COMMIT": "d41d8cd98f00b204e9800998ecf8427ed41d8cd9",
	"DIGEST": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"ID": "123e4567-e89b-12d3-a456-426614174000",
	"NAME": "MyApplicationProductionUserTable2024",
	"FUNCTION": "my-stack-GetUserFunction-1A2B3C4D5E6F",
	"QUEUE": "https://sqs.us-east-1.amazonaws.com/111111111111/orders",
	"CONFIG": `{"token_url":"https://x/y","password_min_length":8}`,
	"TOKENIZER": "cl100k_base",
	"MAIL": "ops@example.com",
}

test_ordinary_variables if every name, text in ordinary { found(name, text) == set() }

test_no_message_holds_a_value if {
	some name, text in object.union(by_name, {"X": by_shape.Stripe, "SALT": "q8Zr3LwT0xVb7NcY2mKd"})
	all := secrets.deny | secrets.warn with input as fixtures.plan([lambda({name: text})])
	every finding in all { not contains(json.marshal(finding), text) }
	count(all) > 0
}

test_what_is_marked_as_sensitive if {
	marked := object.union(lambda({"A": "seven words of some kind"}), {"change": {"after_sensitive": {"environment": [{"variables": {"A": true}}]}}})
	fixtures.ids(secrets.warn) == {"CARE-SEC-003"} with input as fixtures.plan([marked])
	all := object.union(lambda({"A": "seven words of some kind"}), {"change": {"after_sensitive": {"environment": [{"variables": true}]}}})
	fixtures.ids(secrets.warn) == {"CARE-SEC-003"} with input as fixtures.plan([all])
	once := object.union(lambda({"KEY": "4f3c2a1b9d8e7f60514233241506f7e8"}), {"change": {"after_sensitive": {"environment": true}}})
	fixtures.ids(secrets.warn) == {"CARE-SEC-003"} with input as fixtures.plan([once])
	reference := object.union(lambda({"A": "/prod/a"}), {"change": {"after_sensitive": {"environment": [{"variables": {"A": true}}]}}})
	fixtures.ids(secrets.warn) == set() with input as fixtures.plan([reference])
}

unknown(environment) := fixtures.vague("aws_lambda_function", {"environment": [{"variables": {}}]}, {"environment": environment})

test_what_is_not_known_yet if {
	fixtures.ids(secrets.deny) == {"CARE-SEC-004"} with input as fixtures.plan([unknown([{"variables": {"DB_PASSWORD": true}}])])
	fixtures.ids(secrets.deny) == set() with input as fixtures.plan([unknown([{"variables": {"DB_SECRET_ARN": true}}])])
	fixtures.ids(secrets.warn) == {"CARE-SEC-005"} with input as fixtures.plan([unknown([{"variables": true}])])
	fixtures.ids(secrets.warn) == {"CARE-SEC-005"} with input as fixtures.plan([unknown(true)])
	fixtures.ids(secrets.warn) == set() with input as fixtures.plan([unknown([{"variables": {"BUCKET": true}}])])
}

elsewhere(sensitive) := object.union(
	fixtures.create("aws_any", {"block": [{"script": "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE"}]}),
	{"change": {"after_sensitive": sensitive}},
)

test_secrets_elsewhere if {
	some finding in secrets.deny with input as fixtures.plan([elsewhere({})])
	finding.id == "CARE-SEC-006"
	finding.value == "block.0.script"
	fixtures.ids(secrets.deny) == set() with input as fixtures.plan([elsewhere({"block": [{"script": true}]})])
	fixtures.ids(secrets.deny) == set() with input as fixtures.plan([elsewhere({"block": true})])
	fixtures.ids(secrets.deny) == set() with input as fixtures.plan([fixtures.create("aws_any", {"text": "nothing to see here at all"})])
}
