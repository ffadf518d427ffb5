# Names of new resources. Existing ones keep theirs: most names cannot change without a replacement.
package terraform.naming

import rego.v1

import data.settings.naming
import data.terraform.lib

named contains {"resource": r, "attribute": attribute} if {
	some r in lib.present
	lib.creates(r)
	attribute := naming.attributes[r.type]
}

pattern(kind) := object.get(data.settings.naming.patterns, kind, data.settings.naming.patterns["default"])

deny contains finding if {
	some item in named
	name := lib.value(item.resource, item.attribute)
	is_string(name)
	not regex.match(pattern(item.resource.type), name)
	msg := sprintf("The name %q does not follow the convention %s.", [name, pattern(item.resource.type)])
	remediation := "Rename it; the conventions are in policies/data.json under settings.naming."
	finding := lib.finding("NAME-001", "medium", item.resource, msg, remediation)
}

deny contains finding if {
	some item in named
	not is_string(lib.value(item.resource, item.attribute))
	msg := sprintf("The name (%s) is not known before it is created, so it cannot be checked.", [item.attribute])
	remediation := "Give the full name instead of a prefix."
	finding := lib.finding("NAME-002", "medium", item.resource, msg, remediation)
}
