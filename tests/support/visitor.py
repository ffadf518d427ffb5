"""Somebody with a browser that has no script: keeps cookies, reads forms, sends them back with what is typed."""

import http.client
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from engine.sandbox.forge.forge import Forge


class Form(NamedTuple):
    method: str
    action: str
    fields: dict[str, str]  # what would be sent if nothing were typed


class Seen(NamedTuple):
    """An answer, without following where it leads."""

    status: int
    headers: dict[str, str]  # names in lower case
    text: str
    forms: dict[str, Form]  # by the value of its field `form`
    elements: list[tuple[str, dict[str, str]]]  # tag, attributes

    def texts(self, tag: str) -> list[str]:
        return _Texts.of(self.text, tag)


class Visitor:
    """One browser session."""

    def __init__(self, forge: Forge, login: str | None = None) -> None:
        self.base = forge.urls.base
        self.cookies: dict[str, str] = {}
        self.set_cookies: list[str] = []
        if login is not None:
            number = forge.kept.value("SELECT id FROM accounts WHERE login = ?", login)
            answer = self.press("/login", "sign-in", account=str(number))
            assert answer.status == 303, answer.text

    def get(self, path: str, **headers: str) -> Seen:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Seen:
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.base, **headers}
        return self._ask("POST", path, urlencode(fields), {name: value for name, value in sent.items() if value})

    def press(self, page: str, form: str, **typed: str) -> Seen:
        """Open the page, fill in the form of this name and send it."""
        found = self.get(page).forms[form]
        assert found.method == "post"
        return self.post(found.action, {**found.fields, **typed})

    def _ask(self, verb: str, path: str, body: str | None, headers: dict[str, str]) -> Seen:
        where = urlsplit(self.base)
        connection = http.client.HTTPConnection(where.netloc, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        connection.request(verb, path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.set_cookies.append(value)
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        read = _Reader()
        read.feed(text)
        found = {name.lower(): value for name, value in answer.getheaders()}
        connection.close()
        return Seen(answer.status, found, text, read.forms, read.elements)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._form: Form | None = None
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        said = {name: value or "" for name, value in attrs}
        self.elements.append((tag, said))
        if tag == "form":
            self._form = Form(said.get("method", "get"), said.get("action", ""), {})
        elif self._form is None:
            return
        elif tag == "input" and "name" in said and (said.get("type") != "checkbox" or "checked" in said):
            self._form.fields[said["name"]] = said.get("value", "on")
        elif tag == "textarea":
            self._area = said["name"]
            self._form.fields[self._area] = ""
        elif tag == "select":
            self._select = said["name"]
        elif tag == "option" and self._select and ("selected" in said or self._select not in self._form.fields):
            self._form.fields[self._select] = said.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area is not None:
            before = self._form.fields[self._area]
            self._form.fields[self._area] = before + (data if before else data.removeprefix("\n"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self.forms[self._form.fields.get("form", self._form.action)] = self._form
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None


class _Texts(HTMLParser):
    def __init__(self, tag: str) -> None:
        super().__init__()
        self.tag, self.depth, self.found = tag, 0, []

    found: list[str]

    @classmethod
    def of(cls, html: str, tag: str) -> list[str]:
        read = cls(tag)
        read.feed(html)
        return [" ".join(text.split()) for text in read.found]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == self.tag:
            self.depth += 1
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == self.tag

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.found[-1] += data
