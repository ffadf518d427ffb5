"""A branch of one commit, made of what GitHub has already: no file is sent, and none of another commit is touched."""

from collections.abc import Mapping

from engine.adapters.github.client import at
from engine.adapters.github.deployments import Deployments
from engine.adapters.github.failures import RefusedError
from engine.adapters.github.whole import Understood
from engine.errors import failure

_FILE = "100644"


class Branches(Deployments):
    """`Writes.branch`, by a client."""

    def branch(self, repo: str, name: str, parent: str, files: Mapping[str, str | None], message: str) -> str:
        """Makes it, if it is not there: one commit with these files and of that parent, and no other."""
        with Understood(f"the branch {name} of {repo}"):
            rows = [{"path": path, "mode": _FILE, "type": "blob", "sha": blob} for path, blob in sorted(files.items())]
            base = self._client.get(at(repo, "git", "commits", parent))["tree"]["sha"]
            tree = self._client.fetch("POST", at(repo, "git", "trees"), {"base_tree": base, "tree": rows}).value["sha"]
            if found := self._tip(repo, name):
                return self._checked(repo, name, found, tree, parent)
            said = {"message": message, "tree": tree, "parents": [parent]}
            made = str(self._client.fetch("POST", at(repo, "git", "commits"), said).value["sha"])
            try:
                self._client.fetch("POST", at(repo, "git", "refs"), {"ref": f"refs/heads/{name}", "sha": made})
            except RefusedError as error:
                found = self._tip(repo, name) if error.status == 422 else None
                if found is None:
                    raise
                return self._checked(repo, name, found, tree, parent)
            return made

    def _checked(self, repo: str, name: str, found: str, tree: str, parent: str) -> str:
        """Whoever may push could have made a branch of that name."""
        commit = self._client.get(at(repo, "git", "commits", found))
        if commit["tree"]["sha"] != tree or [one["sha"] for one in commit["parents"]] != [parent]:
            raise failure("ENG837", branch=name, repo=repo)
        return found

    def _tip(self, repo: str, name: str) -> str | None:
        found = self._client.find(at(repo, "git", "ref", "heads", *name.split("/")))
        return str(found["object"]["sha"]) if found else None
