"""Merges that are to be applied."""

import pytest

from tests.support.emulator import aws
from tests.support.merged import Machine, Merged, given

__all__ = ["aws", "machine", "merge"]


@pytest.fixture
def machine(tmp_path, aws):
    return Machine(tmp_path, given(aws))


@pytest.fixture
def merge(machine, request):
    """Makes a merge of one resource with these things, or of several; their states are this test's own."""
    own = f"n{abs(hash((request.node.nodeid, str(machine.root))))}"

    def made(*several, **things):
        resources = {f"X/{own}-{n}": one for n, one in enumerate(several)} or {f"X/{own}": things.pop("things", things)}
        return Merged(machine, resources, **(things if several else {}))

    return made
