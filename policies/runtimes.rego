# Functions run on what AWS still mends. The table is of a day, and so is the plan: the later of the two counts.
package terraform.runtimes

import rego.v1

import data.terraform.lib

# Days of notice before a runtime is deprecated.
notice := 90

functions := [r |
	some r in lib.of_type("aws_lambda_function")
	not lib.blank(lib.value(r, "runtime"))
]

row(r) := data.aws.runtimes.known[r.change.after.runtime]

# A function that is new, or changes its runtime: whoever touches it can choose another one.
chosen(r) if lib.creates(r)

chosen(r) if r.change.before.runtime != r.change.after.runtime

over(r) if {
	day := row(r).deprecated
	day <= data.terraform.lib.today
}

instead(r) := sprintf("Use %s, and test the function with it.", [row(r).successor])

instead(r) := "Use a newer runtime, and test the function with it." if not row(r).successor

said(r, days) := sprintf("%s AWS refuses new functions with it from %s on.", [days, row(r).create_block])

said(r, days) := days if not row(r).create_block

# METADATA
# title: New functions run on a runtime that is mended
# description: AWS does not mend holes in a deprecated runtime, and one day takes no function with it any more.
# custom:
#   id: CARE-RUN-001
#   severity: high
#   resources: [aws_lambda_function]
#   elsewhere: [Lambda.2, CKV_AWS_363, awslambda_function_using_supported_runtimes]
#   value: the runtime
#   bad: {aws_lambda_function: {runtime: python3.8}}
#   good: {aws_lambda_function: {runtime: python3.13}}
deny contains finding if {
	some r in functions
	over(r)
	chosen(r)
	msg := said(r, sprintf("AWS has not mended the runtime %s since %s.", [r.change.after.runtime, row(r).deprecated]))
	finding := lib.about(r.change.after.runtime, lib.finding("CARE-RUN-001", "high", r, msg, instead(r)))
}

# METADATA
# title: Functions leave a deprecated runtime
# description: AWS does not mend holes in it, and will one day take no change of the function any more.
# custom:
#   id: CARE-RUN-002
#   severity: medium
#   resources: [aws_lambda_function]
#   elsewhere: [Lambda.2, CKV_AWS_363, awslambda_function_using_supported_runtimes]
#   value: the runtime
#   bad: {aws_lambda_function: {runtime: python3.8, _actions: [update]}}
#   good: {aws_lambda_function: {runtime: python3.13, _actions: [update]}}
warn contains finding if {
	some r in functions
	over(r)
	not chosen(r)
	msg := said(r, sprintf("AWS has not mended the runtime %s since %s.", [r.change.after.runtime, row(r).deprecated]))
	finding := lib.about(r.change.after.runtime, lib.finding("CARE-RUN-002", "medium", r, msg, instead(r)))
}

# METADATA
# title: Runtimes that will soon be deprecated are seen
# description: A function has to be tested with the next runtime before that day.
# custom:
#   id: CARE-RUN-003
#   severity: low
#   resources: [aws_lambda_function]
#   elsewhere: [CKV_AWS_363]
#   value: the runtime
#   bad: {aws_lambda_function: {runtime: dotnet8}}
#   good: {aws_lambda_function: {runtime: python3.13}}
warn contains finding if {
	some r in functions
	not over(r)
	lib.days(row(r).deprecated) - lib.days(data.terraform.lib.today) <= notice
	msg := said(r, sprintf("AWS will not mend the runtime %s from %s on.", [r.change.after.runtime, row(r).deprecated]))
	finding := lib.about(r.change.after.runtime, lib.finding("CARE-RUN-003", "low", r, msg, instead(r)))
}

# METADATA
# title: Runtimes are known
# description: AWS takes no function with a runtime that it does not have; or this table is older than the runtime.
# custom:
#   id: CARE-RUN-004
#   severity: low
#   resources: [aws_lambda_function]
#   elsewhere: []
#   value: the runtime
#   bad: {aws_lambda_function: {runtime: python4.0}}
#   good: {aws_lambda_function: {runtime: python3.13}}
warn contains finding if {
	some r in functions
	not row(r)
	runtime := sprintf("%v", [r.change.after.runtime])
	msg := sprintf("AWS is not known to have the runtime %s.", [runtime])
	remediation := "Correct it, or bring the table up to date (tools/aws_runtimes.py)."
	finding := lib.about(runtime, lib.finding("CARE-RUN-004", "low", r, msg, remediation))
}

# METADATA
# title: Runtimes are known when they are judged
# description: Whether AWS still mends what is known only after apply cannot be told.
# custom:
#   id: CARE-RUN-005
#   severity: low
#   resources: [aws_lambda_function]
#   elsewhere: []
#   bad: {aws_lambda_function: {function_name: f, _unknown: [runtime]}}
#   good: {aws_lambda_function: {runtime: python3.13}}
warn contains finding if {
	some r in lib.of_type("aws_lambda_function")
	lib.unknown(r, "runtime")
	msg := "The runtime is known only after apply, so it cannot be judged."
	remediation := "Write the runtime as a plain value."
	finding := lib.finding("CARE-RUN-005", "low", r, msg, remediation)
}
