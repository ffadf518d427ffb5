# Every shape, name and value that the rules about secrets name, and what comes close to one.
package terraform.secrets_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.secrets

lambda(variables) := fixtures.create("aws_lambda_function", {"environment": [{"variables": variables}]})

denied(changes) := found if {
	found := fixtures.ids(secrets.deny) with input as fixtures.plan(changes)
}

warned(changes) := found if {
	found := fixtures.ids(secrets.warn) with input as fixtures.plan(changes)
}

# The rules that a variable breaks.
found(name, text) := denied([lambda({name: text})]) | warned([lambda({name: text})])

messages(changes) := found if {
	found := {finding.msg | some finding in secrets.deny} with input as fixtures.plan(changes)
}

times(text, n) := concat("", [text | some _ in numbers.range(1, n)])

# ---------------------------------------------------------------- shapes

# Shape, how it begins, how it goes on. Put together here only, so that nobody takes them for secrets of ours.
by_shape := [
	["a GitHub token", "gh", "p_16C7e42F292c6912E771"],
	["a GitHub token", "github", "_pat_11AAAAAAA0abcdefghij"],
	["a GitLab token", "glp", "tt-abcdefghij1234567890"],
	["a Google key", "AI", "zaSyA1234567890abcdefghijklmnopqrstuv"],
	["a Google key", "ya", "29.abcdefghij1234567890"],
	["a Google key", "GOC", "SPX-abcdefghij1234567890"],
	["a JSON web token", "eyJ", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"],
	["a key of a payment service", "rk_", "test_abcdefghijklmnop"],
	["a key of a payment service", "wh", "sec_abcdefghijklmnop"],
	["a key of a payment service", "sq0", "atp-abcdefghijklmnop"],
	["a key of an AI service", "sk-", "proj-abcdefgh12345678"],
	["a key of an AI service", "sk-", "abcdefgh12345678abcdefgh12345678"],
	["a key of an AI service", "hf", "_abcdefgh12345678abcdefgh123456"],
	["a private key", "-----BEGIN ", "EC PRIVATE KEY-----"],
	["a private key", "LS0tLS1", "CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZLS0tLS0="],
	["a Slack token", "xox", "b-123456789012-abcdef"],
	["a Slack token", "xa", "pp-1-A012345678"],
	["a token of a package registry", "np", "m_abcdefgh12345678abcdefgh123456"],
	["a token of a package registry", "py", "pi-AgEIcHlwaS5vcmc12345678abcdefgh"],
	["a token of a package registry", "ruby", "gems_0123456789abcdef0123456789abcdef01234567"],
	["a token of a package registry", "dck", "r_pat_abcdefghij1234567890"],
	["a token of a platform", "hv", "s.abcdefghij1234567890"],
	["a token of a platform", "abcdefghij1234.atlas", "v1.abcdefghij1234567890abcdefghij1234567890"],
	["a token of a platform", "dop", "_v1_0123456789abcdef0123456789abcdef01234567"],
	["a token of a platform", "da", "pi0123456789abcdef0123456789abcdef"],
	["a token of a service", "S", "G.abcdefghij123456.abcdefghij123456"],
	["a token of a service", "S", "K0123456789abcdef0123456789abcdef"],
	["a token of a service", "sh", "pat_0123456789abcdef0123456789abcdef"],
	["a token of a service", "NR", "AK-ABCDEFGHIJ1234567890"],
	["a token of a service", "ATA", "TT3abcdefghij1234567890"],
	["a URL with a password", "mysql://app:", "correct-horse@db/app"],
	["a URL with a password", "MySQL://app:", "correct-horse@db/app"],
	["a URL with a password", "app:correct-horse@", "tcp(db:3306)/app"],
	["a webhook's URL", "https://hooks.", "slack.com/services/T0/B0/abc"],
	["a webhook's URL", "https://Hooks.", "Slack.com/services/T0/B0/abc"],
	["a webhook's URL", "https://discord.", "com/api/webhooks/123/abc"],
	["a webhook's URL", "https://acme.webhook.", "office.com/webhookb2/abc"],
	["a webhook's URL", "https://acme.Webhook.", "Office.com/WebhookB2/abc"],
	["an AWS access key", "AK", "IAIOSFODNN7EXAMPLE"],
	["an AWS access key", "AS", "IAIOSFODNN7EXAMPLE"],
	["an AWS access key", "AB", "IAIOSFODNN7EXAMPLE"],
	["an AWS access key", "AC", "CAIOSFODNN7EXAMPLE"],
	["an Azure key", "Account", "Key=abcdefghij1234567890"],
	["an Azure key", "ACCOUNT", "KEY=abcdefghij1234567890"],
	["an Azure key", "SharedAccess", "Key=abcdefghij1234567890"],
	["an Azure key", "https://acme.example/a?", "sig=abcdefghij1234567890"],
	["an Azure key", "https://acme.example/a?b=c&", "SIG=abcdefghij1234567890"],
]

# With its shape in the message, and as a denial.
test_every_shape_wherever_it_stands if {
	every row in by_shape {
		text := concat("", [row[1], row[2]])
		messages([lambda({"X": text})]) == {sprintf("The variable X holds %s, which everybody reads who may look at the function.", [row[0]])}
		messages([fixtures.create("aws_any", {"note": text})]) == {sprintf("Its note holds %s in plain text.", [row[0]])}
	}
}

test_what_comes_close_to_a_shape if {
	every text in ["ops@example.com, not a URL", "the hooks of slack.com/x", "a key=value that is short", "sk-learn and hf_hub, PRIVATE"] {
		found("X", text) == set()
		denied([fixtures.create("aws_any", {"note": text})]) == set()
	}
}

# ---------------------------------------------------------------- passwords inside a text

test_passwords_inside_a_text if {
	every text in [
		"Server=db;Password=swordfish;", # however it is written, and a plain word too
		"Server=db;PWD=swordfish",
		`{"PassWord": "swordfish"}`,
		`{"mail":"ops@example.com","password":"swordfish"}`, # next to what might have had a shape
		"token=q8Zr3LwT0x",
		"secret: correct-h0rs3-battery",
	] {
		found("X", text) == {"CARE-SEC-001"}
	}
}

test_no_password_inside_a_text if {
	every text in [
		"password=required",
		"token=sometimes", # short words that are called a token
		"secret: app-password", # the secret's name
		"secret: prod-database",
		"arn:aws:secretsmanager:us-east-1:111111111111:secret:prodDatabase-x9Qf2Z",
	] {
		found("X", text) == set()
	}
}

test_a_password_behind_many_placeholders if {
	found("X", times("password=required ", 30)) == set()
	found("X", concat("", [times("password=required ", 30), "password=swordfish"])) == {"CARE-SEC-001"}
}

# One finding, which says the shape.
test_a_shape_is_told_and_not_what_is_around_it if {
	messages([lambda({"X": `{"password":"AKIAIOSFODNN7EXAMPLE"}`})]) == {"The variable X holds an AWS access key, which everybody reads who may look at the function."}
}

# ---------------------------------------------------------------- a function's environment

test_denials_and_warnings if {
	denied([lambda({"X": "AKIAIOSFODNN7EXAMPLE"})]) == {"CARE-SEC-001"}
	denied([lambda({"DB_PASSWORD": "hunter2"})]) == {"CARE-SEC-002"}
	denied([lambda({"SALT": "q8Zr3LwT0xVb7NcY2mKd"})]) == set()
	warned([lambda({"SALT": "q8Zr3LwT0xVb7NcY2mKd"})]) == {"CARE-SEC-003"}
}

test_a_variable_is_told_once if {
	every name in ["DB_PASSWORD", "X"] {
		found(name, "AKIAIOSFODNN7EXAMPLE") == {"CARE-SEC-001"}
	}
}

test_variables_that_are_no_text if {
	every text in [null, 12345678, true, ["AKIAIOSFODNN7EXAMPLE"]] {
		found("DB_PASSWORD", text) - {"CARE-SEC-006"} == set()
	}
	every variables in [null, "AKIAIOSFODNN7EXAMPLE", ["AKIAIOSFODNN7EXAMPLE"]] {
		denied([lambda(variables)]) == set()
		warned([lambda(variables)]) == set()
	}
}

sensitive(variables, marks) := object.union(lambda(variables), {"change": {"after_sensitive": {"environment": [{"variables": marks}]}}})

test_only_what_is_marked_is_sensitive if {
	every marks in [{}, {"B": true}, {"A": false}] {
		warned([sensitive({"A": "seven words of some kind", "B": "demo"}, marks)]) == set()
	}
	said := {finding.msg | some finding in secrets.warn} with input as fixtures.plan([sensitive({"A": "q8Zr3LwT0xVb7NcY2mKd"}, {"A": true})])
	said == {"The variable A looks like a random key; everybody reads it who may look at the function."}
}

test_digits_of_a_key_are_all_there_is if {
	digits := "4f3c2a1b9d8e7f60514233241506f7e8"
	every text in [digits, upper(digits)] {
		found("SEED", text) == {"CARE-SEC-003"}
		found("SEED", concat("", ["weights/", text])) == set()
		found("SEED", concat("", [text, ".bin"])) == set()
		warned([sensitive({"GIT_SHA": text}, {"GIT_SHA": false})]) == set()
		warned([sensitive({"GIT_SHA": text}, {"GIT_SHA": true})]) == {"CARE-SEC-003"}
	}
}

test_variables_that_are_known if {
	change := fixtures.vague("aws_lambda_function", {"environment": [{"variables": {}}]}, {"environment": [{"variables": {"DB_PASSWORD": false}}]})
	denied([change]) == set()
}

# ---------------------------------------------------------------- everywhere else

test_environments_of_other_resources_and_other_attributes_of_functions if {
	denied([fixtures.create("aws_any", {"environment": [{"X": "AKIAIOSFODNN7EXAMPLE"}]})]) == {"CARE-SEC-006"}
	denied([fixtures.create("aws_lambda_function", {"description": "AKIAIOSFODNN7EXAMPLE"})]) == {"CARE-SEC-006"}
}

test_what_else_is_sensitive_hides_nothing if {
	every marks in [{"other": true}, {"block": [{"other": true}]}, {"block": [false, true]}, {"block": [{"script": {"deeper": true}}]}] {
		change := fixtures.create("aws_any", {"block": [{"script": "AKIAIOSFODNN7EXAMPLE"}]})
		denied([object.union(change, {"change": {"after_sensitive": marks}})]) == {"CARE-SEC-006"}
	}
}

test_texts_from_sixteen_characters_on if {
	denied([fixtures.create("aws_any", {"note": "ftp://a:b@c.de/f"})]) == {"CARE-SEC-006"}
	denied([fixtures.create("aws_any", {"note": "ftp://a:b@c.de/"})]) == set()
}

test_what_is_no_text if {
	denied([fixtures.create("aws_any", {"number": 12345, "list": numbers.range(1, 20), "flag": true})]) == set()
}

# ---------------------------------------------------------------- names

# Called a secret, with a value that no rule takes for a reference or a word.
value := "correct-h0rs3-battery"

test_names_of_secrets if {
	every name in [
		"ID_TOKEN", "USER_PASSWORD", "TYPE_1_TOKEN", # what describes stands at the end
		"CASINO_DB_PASSWORD", "ADMIN_TOKEN", # `no_` and `min_` stand at the beginning
		"DB_SECRET", "AWS_SECRET_ACCESS_KEY", "apiKey", "x-auth-key", "PGPWD", "JWT", "CONNECTION_STRING",
	] {
		found(name, value) == {"CARE-SEC-002"}
	}
}

test_names_of_what_is_about_a_secret if {
	every name in ["TOKEN_ID", "PASSWORD_TYPE", "dbPasswordFile", "USE_TOKEN", "NO_PASSWORD", "REQUIRE_PASSWORD", "TOKENIZER", "PASSENGER", "COMPASS_X"] {
		found(name, value) == set()
	}
}

# What is called a password and is a word is one; what is called a token and is a word says something.
test_passwords_are_words if {
	every name in ["DB_PASSWORD", "PGPWD", "PASS", "PW1", "PASSPHRASE", "PASSCODE"] {
		found(name, "swordfish") == {"CARE-SEC-002"}
	}
	every name in ["API_TOKEN", "PWDUMP_TOKEN", "API_KEY"] {
		found(name, "nightly") == set()
	}
}

test_names_of_stores if {
	every text in ["prod-db", "prod-app-db", "Prod.App", "PROD_DB", "app:AppUser2", "db-2024"] {
		found("DB_SECRET", text) == set()
		found("APP_CREDENTIALS", text) == set()
	}
}

test_no_names_of_stores if {
	every row in [
		["API_TOKEN", "prod-api-main"], # not called a store
		["CLIENT_SECRET", "prod-api-main"], # the secret itself
		["DB_PASSWORD_SECRET", "correct-horse"], # a password
		["DB_SECRET", "2024-prod-db"], # no name begins like this
		["DB_SECRET", "correcthorsebattery"], # one word
		["DB_SECRET", "prod-x9Qf2Z8"], # a part that is no word
		["DB_SECRET", "prod-9abc"],
		["DB_SECRET", "prod-abc1234x"],
	] {
		found(row[0], row[1]) == {"CARE-SEC-002"}
	}
}

# ---------------------------------------------------------------- values

references := [
	"arn:aws:ssm:us-east-1:111111111111:parameter/db",
	"https://idp.example.com/token",
	"ssm:/prod/db",
	"${DB_PASSWORD}",
	"/prod/db/password",
	"AQICAHhxEXAMPLEq8Zr3LwT0xVb7NcY2mKdq8Zr3LwT0xVb7NcY2mKd==",
]

# Something next to a reference is a value.
test_nothing_but_a_reference if {
	every text in references {
		found("DB_PASSWORD", text) == set()
		found("DB_PASSWORD", sprintf("hunter2 %s", [text])) == {"CARE-SEC-002"}
		found("DB_PASSWORD", sprintf("%s hunter2", [text])) == {"CARE-SEC-002"}
	}
}

test_digits_that_are_too_few_for_a_password if {
	found("DB_PASSWORD", "1234") == set()
	found("DB_PASSWORD", "12345") == {"CARE-SEC-002"}
}

# ---------------------------------------------------------------- random texts

random := [
	"q8Zr3LwT0xVb7NcY2mKd", # 20 characters
	"prefix-q8Zr3LwT0xVb7NcY", # a part of 16
	"aB1cD2eF3gaB1cD2eF3g", # 10 different ones
	"abcDEF123ghiJKL456mnoPQR78stUV90wxYZ12abCD34efGH56", # 21 runs in 50 characters: 42 %
	concat("", ["q8Zr3LwT0xVb7NcY2mKd", times(".", 4076)]),
	"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", # as AWS's keys are
	"abcDEF123/ghiJKL456/mnoPQR789/stVWX01/yZ", # 14 runs in 40 characters
]

not_random := [
	"q8Zr3LwT0xVb7NcY2mK", # 19 characters
	"prefix-q8Zr3LwT0xVb7Nc", # a part of 15
	"aB1cD2eF3aB1cD2eF3aB", # 9 different ones
	"abcDEF123ghiJK45lmNO67pq", # 10 runs in 24 characters: 41.7 %
	"Q8ZR3LWT0XVB7NCY2MKD", # no lower case
	"q8zr3lwt0xvb7ncy2mkd", # no upper case
	"qZrLwTxVbNcYmKdPqZrS", # no digits
	concat("", ["q8Zr3LwT0xVb7NcY2mKd", times(".", 4077)]),
	"https://example.com/q8Zr3LwT0xVb7NcY2mKd", # a reference
	"x/wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", # longer than AWS's keys
	"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY/x",
	"abcDEF123/ghiJKL456/mnoPQR789/stVWX01/yz", # 13 runs
	"prod/a1/B2/c3/D4/e5/F6/g7/H8/i9/J0/k1/L2", # a path
	"W1A2R3U4N5F6M+K7M8E9G+BP1R9ICYE2AM3LE4EY", # as AWS's keys are, without lower case
	"w1a2r3u4n5f6m+k7m8e9g+bp1r9icye2am3le4ey",
	"wJalrXUtnFEMI/KeMDENG/bPxRfiCYEXAMPLEKEY",
]

test_random_texts if {
	every text in random {
		found("SALT", text) == {"CARE-SEC-003"}
	}
	every text in not_random {
		found("SALT", text) == set()
	}
}
