"""The table of policy engines. A new one is a module whose `judge` fits `port.Engine`, and a row here."""

from collections.abc import Mapping

from engine.adapters.policy import checkov, opa, rego
from engine.adapters.policy.port import Engine

ENGINES: Mapping[str, Engine] = {
    "rego": rego.judge,  # embedded, the default
    "opa": opa.judge,
    "checkov": checkov.judge,
}
