"""What the clock starts in a sandbox, and whose address the App's webhooks keep."""

import pytest

from engine.sandbox import stage
from engine.sandbox.forge.hooks import manage
from engine.sandbox.forge.serve import running
from engine.sandbox.runner.ticks import due

SWEEP = {"schedule": "600s", "pipeline": "sweep", "repository": {"full_name": "acme/dev-deployment"}}

OTHER = 'owns: ["S3/**"]}\n  - {repo: acme/other, owns: ["SQS/**"]}'


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with running(str(tmp_path_factory.mktemp("forge"))) as started:
        yield started


@pytest.mark.parametrize(
    ("why", "old", "new", "ticks"),
    [
        ("the shipped row that comes most often, for the source that there is", "", "", [SWEEP]),
        ("not for one that this forge does not have", 'owns: ["**"]}', OTHER, [SWEEP]),
        ("rules that do not load start nothing", "version: 1", "version: 0", []),
    ],
)  # fmt: skip
def test_each_row_of_the_rules_clock_for_each_source(forge, tmp_path, why, old, new, ticks):
    controller = stage.controller(str(tmp_path))
    file = f"{controller}/deployment-rules.yaml"
    with open(file, encoding="utf-8") as rules:
        text = rules.read()
    with open(file, "w", encoding="utf-8") as rules:
        rules.write(text.replace(old, new, 1))
    assert due(forge, controller) == ticks, why


def test_an_address_that_somebody_gave_the_hook_stays(forge):
    app = forge.kept.value("SELECT id FROM apps")
    manage.send_here(forge, app, "http://127.0.0.1:1/webhooks")
    manage.send_here(forge, app, "http://127.0.0.1:2/webhooks")
    assert manage.of_app(forge, app)["url"] == "http://127.0.0.1:2/webhooks", "ours of before gives way to ours"
    manage.edit(forge, manage.of_app(forge, app), url="http://127.0.0.1:3/mine")
    manage.send_here(forge, app, "http://127.0.0.1:4/webhooks")
    assert manage.of_app(forge, app)["url"] == "http://127.0.0.1:3/mine"
