"""URLs of remotes, as git-clone(1) lists their forms."""

import pytest

from engine.adapters.git.urls import parse


@pytest.mark.parametrize(
    ("url", "name", "host"),
    [
        ("git@github.com:acme/dev-deployment.git", "acme/dev-deployment", "git@github.com"),
        ("work-github:acme/dev-deployment", "acme/dev-deployment", "work-github"),
        ("git@[2001:db8::1]:acme/dev-deployment.git", "acme/dev-deployment", "git@[2001:db8::1]"),
        ("https://github.com/Acme/Dev-Deployment", "Acme/Dev-Deployment", "github.com"),
        ("https://me:secret@ghe.example.com:8443/acme/a.git/", "acme/a", "me:secret@ghe.example.com:8443"),
        ("https://ghe.example.com/scm/git/acme/a.git", "acme/a", "ghe.example.com"),
        ("ssh://git@github.com:22/acme/a.git", "acme/a", "git@github.com:22"),
        ("/srv/git/acme/a.git", "acme/a", ""),
        ("file:///srv/git/acme/a.git", "acme/a", ""),
        ("FILE:///srv/acme/a", "acme/a", ""),
        ("../acme/a", "acme/a", ""),
        ("./b:c/acme/a", "acme/a", ""),
        ("https://github.com/a", "", "github.com"),
        ("host:a", "", "host"),
        ("a", "", ""),
        ("", "", ""),
        ("/", "", ""),
        (":a/b", ":a/b", ""),
    ],
)
def test_forms(url, name, host):
    found = parse(url)
    assert (found.name, found.host) == (name, host)
