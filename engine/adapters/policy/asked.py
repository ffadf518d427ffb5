"""Which rules were asked, by the ids that their annotations say: a `deny` of Rego is many of them."""

from collections.abc import Iterator, Mapping, Sequence

from engine.adapters.policy.annotations import About, annotations, silent
from engine.adapters.policy.conventions import Rule, effect, is_asked
from engine.core.findings import Finding
from engine.core.receipts import EVERY, Asked


class Named:
    """The asked rules of a policy set under the names that receipts have for them."""

    def __init__(self, rules: Sequence[Rule], modules: Mapping[str, str]) -> None:
        """A Rego rule that has a definition without an annotation counts under its own name, too.

        Raises:
            EngineError: ENG540, an annotation that cannot be read.
        """
        self._rules = [rule for rule in rules if is_asked(rule.name)]
        self._about = _by_rule(annotations(modules))
        self._silent = _by_rule(silent(modules))

    def asked(self) -> Iterator[Asked]:
        """All of them; one that names no types judges everything."""
        for rule in self._rules:
            about = self._about.get(_key(rule), ())
            for one in about:
                yield Asked(one.id, one.resources or (EVERY,))
            if not about or _key(rule) in self._silent:
                yield Asked(_own(rule))

    def of(self, rule: Rule, finding: Finding) -> str:
        """The name of the rule that has found this."""
        known = any(one.id == finding.rule for one in self._about.get(_key(rule), ()))
        return finding.rule if known else _own(rule)


def _by_rule(about: Sequence[About]) -> dict[tuple[str, str], list[About]]:
    found: dict[tuple[str, str], list[About]] = {}
    for one in about:
        found.setdefault((one.package, one.effect), []).append(one)
    return found


def _key(rule: Rule) -> tuple[str, str]:
    return rule.package, effect(rule.name).value


def _own(rule: Rule) -> str:
    return f"{rule.package}.{rule.name}"
