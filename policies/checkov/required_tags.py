"""Tags that every taggable resource carries. Run by `engine policy eval --engine checkov`."""

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

REQUIRED = {"Environment", "ManagedBy", "Team"}


class RequiredTags(BaseResourceCheck):
    """`tags_all`, because it has the provider's default tags as well."""

    def __init__(self):
        super().__init__(
            name="Required tags are there: " + ", ".join(sorted(REQUIRED)),
            id="CKV2_INTERLOCK_2",
            categories=[CheckCategories.CONVENTION],
            supported_resources=["*"],
        )

    def scan_resource_conf(self, conf):
        """A resource without `tags_all` cannot be tagged."""
        if "tags_all" not in conf:
            return CheckResult.UNKNOWN
        tags = conf["tags_all"]
        while isinstance(tags, list):  # Checkov wraps values in lists, maps not always
            tags = tags[0] if tags else {}
        present = {key for key, value in (tags or {}).items() if value}
        return CheckResult.PASSED if present >= REQUIRED else CheckResult.FAILED


check = RequiredTags()
