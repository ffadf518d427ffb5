"""Who wrote what: accounts of people and of commits, and texts in Markdown, as every page shows them."""

from functools import partial
from typing import TYPE_CHECKING

from markupsafe import Markup

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import markdown
from engine.sandbox.forge.pages.asked import Ask
from engine.sandbox.forge.people import access

if TYPE_CHECKING:
    from engine.sandbox.forge.git.bare import Person


def text_of(ask: Ask, text: str | None, name: str, *, file: str = "") -> Markup:
    """A text in Markdown; `name` is its own on the page."""
    return markdown.rendered(ask.forge, partial(access.sees, ask.forge, ask.viewer), ask.repo, text, name, file=file)


def shown_account(forge: Forge, number: int | None) -> Row:
    """An account by id, or what GitHub shows for one that is gone: `ghost`."""
    found = forge.account(number)
    return _ghost(forge) if found is None or found["deleted"] else found


def by(forge: Forge, person: "Person") -> Row | None:
    """The account that a commit's address is linked to; None where nobody's is."""
    from engine.sandbox.forge.people.accounts import by_email

    found: Row | None = by_email(forge, person.email)
    return found


def _ghost(forge: Forge) -> Row:
    return forge.kept.row("SELECT * FROM accounts WHERE login = 'ghost'") or {"id": 0, "login": "ghost", "kind": "User"}
