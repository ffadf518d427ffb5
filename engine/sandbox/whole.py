"""The sandbox as it is started: a forge alone, or with AWS beside it and the engine on it; both say the ready line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ready import ready
from engine.sandbox.forge.runner import Runner
from engine.sandbox.forge.serve import running


class SetUp(NamedTuple):
    """How the forge is to be, as `forge.serve.running` has it."""

    port: int | None = None
    webhook: str = ""
    tick_s: float | None = None
    chaos: str | None = None
    actions: bool = False  # a process for each webhook, as CI starts it, instead of `engine serve` behind them


@contextmanager
def alone(state: str, set_up: SetUp) -> Iterator[dict[str, Any]]:
    """GitHub alone, in the directory `state`.

    Raises:
        EngineError: as `running`.
    """
    with running(state, set_up.port, webhook=set_up.webhook, tick_s=set_up.tick_s, chaos=set_up.chaos) as forge:
        yield ready(forge)


@contextmanager
def whole(state: str, set_up: SetUp, *, lasting: bool) -> Iterator[dict[str, Any]]:
    """GitHub, AWS, and the engine that GitHub's webhooks go to. `lasting`: the directory is kept afterwards.

    Raises:
        EngineError: as `running`; ENG440 or ENG441 there is no AWS; ENG810 the engine does not come up; the
            controller's rules do not load.
    """
    from engine.sandbox import aws, stage

    told: dict[str, Any] = {}

    def runner(forge: Forge) -> Runner:
        place = stage.prepared(state, cloud, forge, ready(forge)["app"])
        told.update(place.told())
        if set_up.actions:
            from engine.sandbox.runner.engine import Engine

            return Engine(forge, place)
        from engine.sandbox.runner.served import Served

        served = Served(forge, place, os.path.join(state, stage.KEYS))
        told.update(engine_url=served.pages, engine_token=served.token)
        return served

    environments = stage.environments(stage.controller(state))
    with (
        aws.running(state, environments, lasting=lasting) as cloud,
        running(state, set_up.port, tick_s=set_up.tick_s, chaos=set_up.chaos, runner=runner) as forge,
    ):
        yield {**ready(forge), **told}
