"""What AWS resources are called by others, which the module says in comments that Terraform ignores.

    # defines: arn:aws:sqs:REGION:ACCOUNT:{queue_name}{fifo_queue:.fifo}
    # defines: arn:aws:sqs:REGION:ACCOUNT:{queue_name}-dlq{fifo_queue:.fifo} if dead_letter_queue
    variable "sqs_queues" {
      …
      kms_master_key_id  = optional(string)       # names: arn:aws:kms:REGION:ACCOUNT:{}
      redrive_allow_arns = optional(list(string)) # unordered

`{name}` is that attribute, or the key of the map where it is neither given nor has a default; `{name:text}` is the text
where the attribute is true, and the values before it may end with it already. A form that ends with `/*` or `:*` also
stands for all that lies below it.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.core.resources.tfvars import Json
    from engine.core.resources.types import Attribute

_LONGEST = 2_048  # characters of an ARN, as AWS has it
HERE = "\0"  # the region, or the account, of whichever environment it is for

_PIECE = re.compile(r"\{([a-z0-9_]*)(?::([^{}]+))?\}")
_CONDITION = re.compile(r" if ([a-z0-9_]+)$")
_WORDS = {"REGION": HERE, "ACCOUNT": HERE}


class Name(NamedTuple):
    """An ARN without its partition, which the account decides."""

    service: str
    region: str
    account: str
    resource: str

    def at(self, region: str, account: str) -> "Name":
        """In an environment."""
        if HERE not in (self.region, self.account):
            return self
        return self._replace(
            region=region if self.region == HERE else self.region,
            account=account if self.account == HERE else self.account,
        )

    def arn(self, partition: str = "aws") -> str:
        """As people write it."""
        return ":".join(("arn", partition, *self))


def of_arn(text: str) -> Name | None:
    """What an ARN names; None for what is none."""
    if len(text) > _LONGEST:
        return None
    parts = text.split(":", 5)
    return Name(*parts[2:]) if len(parts) == 6 and parts[0] == "arn" and parts[2] and parts[5] else None


class Form(NamedTuple):
    """A form in which a thing is named."""

    name: Name  # with an empty resource
    pieces: tuple[tuple[str, str, str], ...]  # (text before it, attribute, what is added where that is true)
    end: str
    condition: str  # the attribute that has to be true; empty: always
    below: bool  # is all that lies below it named, too?

    @property
    def begins(self) -> Name:
        """How every name of this form begins."""
        return self.name._replace(resource=self.pieces[0][0])

    @property
    def attributes(self) -> set[str]:
        """Those that it is made of."""
        return {attribute for _, attribute, _ in self.pieces} | ({self.condition} if self.condition else set())

    def of_value(self, text: str) -> Name:
        """The name that a single value is put into."""
        return self.name._replace(resource="".join(before + text for before, _, _ in self.pieces) + self.end)

    def of_entry(self, key: str, entry: "Mapping[str, Json]", attributes: "Mapping[str, Attribute]") -> Name | None:
        """The name of one entry of a variable's map; None where it has none of this form."""

        def given(name: str) -> "Json":
            value = entry.get(name)
            return attributes[name].default if value is None else value

        if self.condition and given(self.condition) is not True:
            return None
        ends = [added for _, _, added in self.pieces if added]
        found = []
        for before, attribute, added in self.pieces:
            value = given(attribute)
            text = str(key if value is None else value)
            for end in ends:
                text = text.removesuffix(end)
            found.append(before + (text if not added else added if value is True else ""))
        return self.name._replace(resource="".join(found) + self.end)


def form(text: str) -> Form:
    """Read one.

    Raises:
        ValueError: it is none, with a reason.
    """
    text = text.strip()
    condition = _CONDITION.search(text)
    text = text[: condition.start()] if condition else text
    below = text.endswith(("/*", ":*"))
    text = text[:-2] if below else text
    name = of_arn(text)
    if name is None or not text.startswith("arn:aws:"):
        raise ValueError("it begins with arn:aws: and has six parts")
    if any(field not in ("", *words) for field, words in ((name.region, ["REGION"]), (name.account, ["ACCOUNT"]))):
        raise ValueError("its region is REGION or empty, its account ACCOUNT or empty")
    pieces, at = [], 0
    for match in _PIECE.finditer(name.resource):
        pieces.append((name.resource[at : match.start()], match[1], match[2] or ""))
        at = match.end()
    end = name.resource[at:]
    if set("{}* ") & set("".join(before for before, _, _ in pieces) + end):
        raise ValueError("what stands in braces is `{attribute}` or `{attribute:text}`")
    if not pieces:
        raise ValueError("all would be called the same")
    region, account = _WORDS.get(name.region, ""), _WORDS.get(name.account, "")
    bare = Name(name.service, region, account, "")
    return Form(bare, tuple(pieces), end, condition[1] if condition else "", below)
