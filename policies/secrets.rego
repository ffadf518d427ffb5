# Secrets in plain text: in a function's environment, where everybody who may look at the function reads them, and in any
# other attribute. A value is told by its name, by its shape, or by how random it is. It never stands in a message.
package terraform.secrets

import rego.v1

import data.terraform.lib

# ---------------------------------------------------------------- shapes

# What a secret looks like, whatever it is called. Our own expressions, never foreign text.
shapes := {
	"a GitHub token": `\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})`,
	"a GitLab token": `\bgl(pat|ptt|dt|rt|cbt|ft|soat|agent|oas)-[A-Za-z0-9_-]{16,}`,
	"a Google key": `\bAIza[A-Za-z0-9_-]{30,}|\bya29[.][A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}`,
	"a JSON web token": `\beyJ[A-Za-z0-9_-]{8,}[.]eyJ[A-Za-z0-9_-]{8,}[.]`,
	"a key of a payment service": `\b((sk|rk)_(live|test)|whsec|sq0(atp|csp))[_-][A-Za-z0-9_-]{10,}`,
	"a key of an AI service": `\bsk-(ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{16,}|\bsk-[A-Za-z0-9]{32,}|\bhf_[A-Za-z0-9]{30,}`,
	"a private key": `-----BEGIN [A-Z0-9 ]*PRIVATE KEY|LS0tLS1CRUdJTi(BQUklWQVRF|BSU0Eg|BFQyB|BPUEVOU1NI|BFTkNSWVBURUQ|BEU0Eg)`,
	"a Slack token": `\bxox[a-z][.-][A-Za-z0-9.-]{8,}|\bxapp-[0-9]-[A-Za-z0-9-]{10,}`,
	"a token of a package registry": `\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}|\brubygems_[a-f0-9]{40,}|\bdckr_(pat|oat)_[A-Za-z0-9_-]{20,}`,
	"a token of a platform": `\bhv[sbr][.][A-Za-z0-9_-]{20,}|[.]atlasv1[.][A-Za-z0-9_-]{40,}|\bdo[opr]_v1_[a-f0-9]{40,}|\bdapi[a-f0-9]{32}\b`,
	"a token of a service": `\bSG[.][A-Za-z0-9_-]{16,}[.][A-Za-z0-9_-]{16,}|\bSK[0-9a-f]{32}\b|\bshp(at|ss|ca|pa)_[a-fA-F0-9]{32}|\bNRAK-[A-Z0-9]{20,}|\bATATT3[A-Za-z0-9_=-]{20,}`,
	"a URL with a password": `[^\s:@/"']:[^\s@/"']+@tcp[(]|(?i)\b[a-z][a-z0-9+.-]*://[^/?#@\s:"'<>]*:[^/?#@\s"'<>{}$*][^/?#@\s"'<>]*@`,
	"a webhook's URL": `(?i)\bhooks[.]slack[.]com/(services|workflows|triggers)/[A-Za-z0-9]|\bdiscord(app)?[.]com/api/webhooks/[0-9]|[.]webhook[.]office[.]com/webhookb2/`,
	"an authorization header": `(?i)authorization\\*["']?\s*[:=]\s*\\*["']?(bearer|basic|token)\s+[A-Za-z0-9._~+/=-]{8,}`,
	"an AWS access key": `(^|[^A-Za-z0-9])(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}([^A-Za-z0-9]|$)`,
	"an Azure key": `(?i)\b(AccountKey|SharedAccessKey)=[A-Za-z0-9+/=]{20,}|[?&]sig=[A-Za-z0-9%+/]{20,}`,
}

# Something of each of them, short enough for an engine that bounds expressions.
hint := `gh[pousr]_|github_pat|gl[a-z]+-|AIza|ya29|GOCSPX|eyJ|[sr]k_[lt]|whsec|sq0|sk-|hf_|PRIVATE|LS0tLS1CRUdJTi|xox|xapp|npm_|pypi-|rubygems_|dckr_|hv[sbr][.]|atlasv1|_v1_|dapi|SG[.]|SK[0-9a-f]|shp|NRAK|ATATT3|@|A[KSB]IA|ACCA|(?i:hooks|webhook|key=|sig=|authorization)`

shapes_of(text) := [name |
	# mutant: drop regex.match(data.terraform.secrets.hint, text) – what has a shape has something of it; this is quicker
	regex.match(data.terraform.secrets.hint, text)
	some name, shape in data.terraform.secrets.shapes
	regex.match(shape, text)
]

# ---------------------------------------------------------------- a function's environment

variables contains [r, name, text] if {
	some r in lib.of_type("aws_lambda_function")
	some block in lib.list(lib.value(r, "environment"))
	is_object(block.variables)
	some name, text in block.variables
	is_string(text)
}

shaped contains [r, name, what] if {
	some [r, name, text] in variables
	what := shapes_of(text)[0]
}

# `{"password": "…"}`, `Server=…;Password=…`
shaped contains [r, name, "a password inside a text"] if {
	some [r, name, text] in variables
	count(shapes_of(text)) == 0
	not startswith(text, "arn:") # `…:secret:NAME` names one
	some found in regex.find_all_string_submatch_n(
		`(?i)(passw(?:or)?d|pwd|passphrase|secret|token|api_?key|access_?key|account_?key|private_?key)\\*["']?\s*[:=]\s*\\*["']?([^\s"'&;,{}<\\]{6,})`,
		text,
		-1, # mutant: -1 → -2 – any number below 0 means all
	)
	not harmless(words(found[1]), found[2])
}

# METADATA
# title: Variables of functions hold no secret
# description: >-
#   Everybody who may read the function's configuration reads its variables, and they stand in state and logs. What looks
#   like a key, a token or a URL with a password is one.
# custom:
#   id: CARE-SEC-001
#   severity: high
#   resources: [aws_lambda_function]
#   elsewhere: [CKV_AWS_45, awslambda_function_no_secrets_in_variables]
#   value: the variable's name
#   bad: {aws_lambda_function: {environment: [{variables: {DB: "postgres://app:correct-horse@db.internal/app"}}]}}
#   good: {aws_lambda_function: {environment: [{variables: {DB: "postgres://db.internal/app"}}]}}
deny contains finding if {
	some [r, name, what] in shaped
	msg := sprintf("The variable %s holds %s, which everybody reads who may look at the function.", [name, what])
	finding := lib.about(name, lib.finding("CARE-SEC-001", "high", r, msg, way_out))
}

way_out := "Keep it in Secrets Manager or as a SecureString, give the function its ARN or name, and change the secret: it was written down."

# METADATA
# title: Variables of functions are not called secret and given in plain text
# description: A variable that is called a password and holds a value holds the password, however weak; what is short or a reference is left alone.
# custom:
#   id: CARE-SEC-002
#   severity: high
#   resources: [aws_lambda_function]
#   elsewhere: [CKV_AWS_45, awslambda_function_no_secrets_in_variables]
#   value: the variable's name
#   bad: {aws_lambda_function: {environment: [{variables: {DB_PASSWORD: hunter2}}]}}
#   good: {aws_lambda_function: {environment: [{variables: {DB_PASSWORD_PARAMETER: /prod/db/password}}]}}
deny contains finding if {
	some [r, name, text] in variables
	secretive(words(name))
	not harmless(words(name), trim_space(text))
	not [r, name] in told
	msg := sprintf("The variable %s is called a secret and holds a value in plain text.", [name])
	finding := lib.about(name, lib.finding("CARE-SEC-002", "high", r, msg, way_out))
}

told contains [r, name] if some [r, name, _] in shaped

# METADATA
# title: Variables of functions hold nothing that is meant to be hidden
# description: A long random text is a key more often than not, and what Terraform marks as sensitive somebody meant to hide.
# custom:
#   id: CARE-SEC-003
#   severity: medium
#   resources: [aws_lambda_function]
#   elsewhere: [CKV_AWS_45, awslambda_function_no_secrets_in_variables]
#   value: the variable's name
#   bad: {aws_lambda_function: {environment: [{variables: {SALT: q8Zr3LwT0xVb7NcY2mKd}}]}}
#   good: {aws_lambda_function: {environment: [{variables: {SALT_PARAMETER: /prod/salt}}]}}
warn contains finding if {
	some [r, name, text] in variables
	why := suspicion(r, name, trim_space(text))
	not secretive(words(name))
	not [r, name] in told
	msg := sprintf("The variable %s %s; everybody reads it who may look at the function.", [name, why])
	finding := lib.about(name, lib.finding("CARE-SEC-003", "medium", r, msg, way_out))
}

suspicion(_, _, text) := "looks like a random key" if random(text)

suspicion(r, name, text) := "is marked as sensitive" if {
	not random(text)
	not harmless("secret", text)
	marked(r, ["environment", 0, "variables", name])
} else := "looks like a key" if {
	# Hashes and ids are as long, so the name has to say that it is a key.
	regex.match(`^([0-9a-f]{32,}|[0-9A-F]{32,})$`, text)
	regex.match(`(^|_)(hmac|key|pepper|salt|seed)[0-9]*(_|$)`, words(name))
	not regex.match(`(^|_)(public|pub|cache)(_|$)`, words(name))
	not describes(words(name))
}

# METADATA
# title: Variables of functions that are called secret are known when they are judged
# description: A password that another resource makes ends in the function's configuration just as one that is written down.
# custom:
#   id: CARE-SEC-004
#   severity: high
#   resources: [aws_lambda_function]
#   elsewhere: [CKV_AWS_45, awslambda_function_no_secrets_in_variables]
#   value: the variable's name
#   bad: {aws_lambda_function: {environment: [{variables: {}}], _unknown: {environment: [{variables: {DB_PASSWORD: true}}]}}}
#   good: {aws_lambda_function: {environment: [{variables: {}}], _unknown: {environment: [{variables: {DB_SECRET_ARN: true}}]}}}
deny contains finding if {
	some r in lib.of_type("aws_lambda_function")
	some block in lib.list(r.change.after_unknown.environment)
	is_object(block.variables)
	some name, flag in block.variables
	flag == true
	secretive(words(name))
	msg := sprintf("The variable %s is called a secret and known only after apply, so it cannot be judged.", [name])
	remediation := "Give the function the ARN or name of the secret, in a variable that says so (…_ARN, …_NAME)."
	finding := lib.about(name, lib.finding("CARE-SEC-004", "high", r, msg, remediation))
}

# METADATA
# title: The variables of a function are known when they are judged
# description: The provider makes all variables unknown when one of them is; what stands in the others nobody has seen.
# custom:
#   id: CARE-SEC-005
#   severity: low
#   resources: [aws_lambda_function]
#   elsewhere: []
#   bad: {aws_lambda_function: {environment: [{}], _unknown: {environment: [{variables: true}]}}}
#   good: {aws_lambda_function: {environment: [{variables: {STAGE: dev}}]}}
warn contains finding if {
	some r in lib.of_type("aws_lambda_function")
	unknown_environment(r)
	msg := "Its variables are known only after apply, so nobody has looked for secrets in them."
	remediation := "Give names that are known: of buckets and tables, instead of attributes of resources that do not exist yet."
	finding := lib.finding("CARE-SEC-005", "low", r, msg, remediation)
}

unknown_environment(r) if r.change.after_unknown.environment == true

unknown_environment(r) if {
	some block in lib.list(r.change.after_unknown.environment)
	block.variables == true
}

# METADATA
# title: Nothing holds a secret in plain text
# description: Tags, descriptions, start-up scripts and documents are read by many, and stand in state and logs.
# custom:
#   id: CARE-SEC-006
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_46, AVD-AWS-0029, ec2_instance_secrets_user_data]
#   value: the attribute
#   bad: {aws_instance: {user_data: "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE"}}
#   good: {aws_instance: {user_data: "aws configure set region us-east-1"}}
deny contains finding if {
	some r in data.terraform.lib.present
	walk(r.change.after, [path, text])
	is_string(text)
	count(text) > 15
	what := shapes_of(text)[0]
	not marked(r, path)
	not in_environment(r, path)
	attribute := concat(".", [sprintf("%v", [step]) | some step in path])
	msg := sprintf("Its %s holds %s in plain text.", [attribute, what])
	remediation := "Keep it in Secrets Manager or as a SecureString, refer to it, and change the secret: it was written down."
	finding := lib.about(attribute, lib.finding("CARE-SEC-006", "high", r, msg, remediation))
}

in_environment(r, path) if {
	r.type == "aws_lambda_function"
	path[0] == "environment"
}

# Meant for secrets, as the provider or the author says.
marked(r, path) if {
	walk(r.change.after_sensitive, [mark, true])
	# mutant: 0 → -1 – a slice from before the first begins at the first
	array.slice(path, 0, count(mark)) == mark
}

# ---------------------------------------------------------------- names

# `dbPassword`, `DB-Password` → `db_password`
words(name) := regex.replace(lower(regex.replace(name, `([a-z0-9])([A-Z])`, "${1}_${2}")), `[^a-z0-9]+`, "_")

secretive(name) if {
	regex.match(`passw(or)?d|passphrase|passcode|(^|_)(pass|pwd|pw|pat|jwt|creds?)[0-9]*(_|$)|pwd$|secret(s|_|[0-9]|$)|token(_|[0-9]|$)|api_?key|access_?key|private_?key|signing_?key|encryption_?key|master_?key|auth_?key|license_?key|basic_?auth(_|$)|(admin|db|ftp|ldap|mail|pg|redis|root|smtp|sql|user)(pass|pw)(_|$)|credentials?(_|[0-9]|$)|connection_?string`, name)
	not describes(name)
}

# A name that is about a secret, and not the secret itself.
describes(name) if {
	regex.match(`(^|_)(arns?|names?|ids?|path|paths|url|uri|endpoint|host|hosts|file|files|dir|ref|param|params|parameter|parameters|prefix|suffix|ttl|expiry|expires|expiration|timeout|lifetime|length|min|max|limit|limits|count|enabled|disabled|required|type|types|header|field|version|region|table|bucket|algorithm|alg|policy|rotation|days|hours|minutes|seconds|secs|ms|age|issuer|audience|scope|scopes|provider|store|manager|backend|cache|alias|source|format|regex|pattern|label|size|budget|window|location|mode|method|strategy|service|queue|topic|role|group|user|username|extension|in|port|ttl_seconds)$`, name)
}

describes(name) if regex.match(`^(max|min|num|use|has|enable|disable|require|allow|is|skip|no)_`, name)

# Whose value is the secret itself, and not the name of one.
is_password(name) if regex.match(`pass(w(or)?d|phrase|code)|(^|_)(pass|pwd|pw)[0-9]*(_|$)|pwd$|[a-z](pass|pw)(_|$)`, name)

names_a_store(name) if {
	regex.match(`(^|_)(secrets?|credentials?|creds?)([0-9]|_|$)`, name)
	not is_password(name)
	not regex.match(`(client|jwt|app|shared|signing|webhook|session|cookie|consumer|api|hmac|auth|oauth|encryption|access|user|django|flask|rails|nextauth|csrf|totp|mfa)_?secret|secret_?(key|access|token)`, name)
}

# ---------------------------------------------------------------- values

# No secret, whatever it is called: a reference, a switch, a placeholder, a word.
harmless(_, text) if regex.match(`(?i)^(|true|false|yes|no|on|off|null|none|nil|unset|enabled|disabled|default|required|optional|auto|iam|n/?a|managed|x+|[*]+|<[^>]*>|[$]\{[^}]*\}|\{\{[^}]*\}\}|%[a-z_]+%)$`, text)

harmless(_, text) if {
	regex.match(`^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:\S+$`, text)
}

harmless(_, text) if regex.match(`(?i)^[a-z][a-z0-9+.-]*://[^\s@]*$`, text)

harmless(_, text) if regex.match(`(?i)^(ssm|secretsmanager|secrets-manager|aws-?sm|asm|parameter-?store|vault|op|env|file|kms):[a-z0-9._/:-]*$`, text)

# What KMS has encrypted.
harmless(_, text) if regex.match(`^AQ[IE]CA[A-Z][A-Za-z0-9+/=]{40,}$`, text)

# A path of words: the name of a parameter or a secret.
harmless(_, text) if {
	contains(text, "/")
	every part in split(trim(text, "/"), "/") { regex.match(plain_word, part) }
}

harmless(name, text) if {
	not is_password(name)
	regex.match(`^([0-9]{1,12}|[0-9]+[.][0-9]+|[A-Za-z]{1,12}|[A-Za-z0-9]{1,6})$`, text)
}

# Too short to be a password.
harmless(_, text) if regex.match(`^[0-9]{1,4}$`, text)

harmless(name, text) if {
	names_a_store(name)
	regex.match(`^[A-Za-z]`, text)
	parts := split(regex.replace(text, `[_.:]`, "-"), "-")
	count(parts) > 1
	every part in parts { regex.match(`^([a-z]{1,24}[0-9]{0,3}|[A-Z]{1,24}[0-9]{0,3}|([A-Z][a-z]+)+[0-9]{0,3}|[0-9]{1,4})$`, part) }
}

plain_word := `^([a-z0-9._-]{1,40}|[A-Z0-9._-]{1,40}|([A-Z]?[a-z0-9]+[._-]?)([A-Z][a-z]+[0-9]*[._-]?)*)$`

# A part without separators in which lower case, upper case and digits change as often as in a random text: in names and
# words they stand together.
random(text) if {
	count(text) >= 20
	count(text) <= 4096
	not harmless("", text)
	some part in regex.split(`[^A-Za-z0-9]+`, text)
	count(part) >= 16
	regex.match(`[a-z]`, part)
	regex.match(`[A-Z]`, part)
	regex.match(`[0-9]`, part)
	count({letter | some letter in split(part, "")}) >= 10
	# mutant: -1 → -2 – any number below 0 means all
	count(regex.find_n(`[a-z]+|[A-Z]+|[0-9]+`, part, -1)) * 100 >= count(part) * 42
}

# AWS's secret keys have no part that is long enough.
random(text) if {
	regex.match(`^[A-Za-z0-9+/]{40}$`, text)
	not harmless("", text)
	regex.match(`[a-z]`, text)
	regex.match(`[A-Z]`, text)
	regex.match(`[0-9]`, text)
	# mutant: -1 → -2 – any number below 0 means all
	count(regex.find_n(`[a-z]+|[A-Z]+|[0-9]+`, text, -1)) >= 14 # a third of them
}
