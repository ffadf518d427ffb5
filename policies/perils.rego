# What is dangerous of all that AWS has, as sets: long ones, so nothing may import this package (the embedded engine
# evaluates the whole of what is imported); whoever needs one names it in full, in the rare case that it is needed.
package terraform.perils

import rego.v1

# All that our lists and AWS call dangerous, in lower case.
actions contains "iam:passrole"

actions contains name if {
	some kind in data.terraform.iam.kinds
	some service, names in data.aws.dangers[kind]
	some action in names
	name := lower(sprintf("%s:%s", [service, action]))
}

actions contains name if {
	some service, levels in data.aws.catalogue.actions
	some action in split(object.get(levels, "Permissions management", ""), " ")
	action != ""
	not action in object.get(data.aws.dangers.harmless, service, [])
	name := lower(sprintf("%s:%s", [service, action]))
}

# What may be attached without giving anybody more than AWS's own readers have.
harmless_policies contains arn if {
	some name, rules in data.aws.catalogue.managed
	rules in {"", "ACC-IAM-010"}
	arn := sprintf("arn:aws:iam::aws:policy/%s", [lower(name)])
}
