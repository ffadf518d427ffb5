"""Answers for `engine init`, and what it says of them."""

from engine.setup.answers import gathered

CONTROLLER, SOURCE = "beta/rules", "beta/infra"
ACCOUNTS = {"development": "444444444444", "staging": "555555555555", "production": "666666666666"}
SAID = {
    "controller": CONTROLLER,
    "source": SOURCE,
    "accounts": ACCOUNTS,
    "reviewers": ["null", "bob", "beta/core"],
    "security": ["beta/sec"],
    "ciso": ["zoe"],
    "special_approvers": ["dave"],
}


def answers(kind="controller", preset="standard", **said):
    return gathered(kind, {**SAID, **said}, {"preset": preset}, None)


def flags(*more, **said):
    """The same as flags of the command; `accounts=None` leaves one out."""
    given = {**SAID, "accounts": [f"{name}={number}" for name, number in ACCOUNTS.items()], **said}
    told = (
        (key, value if isinstance(value, str) else ",".join(value)) for key, value in given.items() if value is not None
    )
    return [f"--{key.replace('_', '-')}={value}" for key, value in told] + list(more)
