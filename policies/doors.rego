# Ways in that stand in no policy document.
package terraform.doors

import rego.v1

import data.terraform.lib

switches := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

# METADATA
# title: Multi-Region Access Points block public access
# description: Such an access point opens its buckets as a bucket policy does, and its block cannot be changed afterwards.
# custom:
#   id: ACC-PUB-011
#   severity: critical
#   resources: [aws_s3control_multi_region_access_point]
#   elsewhere: [S3.24, s3_multi_region_access_point_public_access_block]
#   bad: {aws_s3control_multi_region_access_point: {details: [{name: app, public_access_block: [{block_public_acls: false,
#     block_public_policy: false, ignore_public_acls: false, restrict_public_buckets: false}]}]}}
#   good: {aws_s3control_multi_region_access_point: {details: [{name: app}]}}
deny contains finding if {
	some r in lib.of_type("aws_s3control_multi_region_access_point")
	some details in lib.list(lib.value(r, "details"))
	some block in lib.list(object.get(details, "public_access_block", null))
	off := [name | some name in switches; object.get(block, name, true) == false]
	count(off) > 0
	msg := sprintf("Public access is not fully blocked at the access point: %s off.", [concat(", ", off)])
	remediation := "Leave public_access_block out: everything is blocked then."
	finding := lib.finding("ACC-PUB-011", "critical", r, msg, remediation)
}

# METADATA
# title: A function's URL says which sites may call it
# description: Every web page that somebody opens can otherwise call it from the browser, and read the answer.
# custom:
#   id: ACC-PUB-012
#   severity: low
#   resources: [aws_lambda_function_url]
#   elsewhere: [CKV2_AWS_75, awslambda_function_url_cors_policy]
#   bad: {aws_lambda_function_url: {function_name: app, authorization_type: AWS_IAM, cors: [{allow_origins: ["*"]}]}}
#   good: {aws_lambda_function_url: {function_name: app, authorization_type: AWS_IAM,
#     cors: [{allow_origins: ["https://app.example.com"]}]}}
warn contains finding if {
	some r in lib.of_type("aws_lambda_function_url")
	some cors in lib.list(lib.value(r, "cors"))
	some origin in lib.list(object.get(cors, "allow_origins", null))
	contains(origin, "*")
	msg := sprintf("Pages of %s may call the function and read its answers.", [origin])
	remediation := "List the sites in allow_origins."
	finding := lib.finding("ACC-PUB-012", "low", r, msg, remediation)
}
