"""Where what runs keep stands in a store.

statements/<owner>/<repository>/<pull request>/<0000000001>    and statements-local/…, of runs on a clone
receipts/<digest>
freeze/<environment>, freeze/all
journal/<run>/<000001>                                          see `core/kept/journal`
merges/<owner>/<repository>/<pull request>                      what was merged by us
merging/<owner>/<repository>/<pull request>                     what a run is about to merge
comments/<owner>/<repository>/<pull request>                    which comment there is ours, and what it has told
comments-apply/<owner>/<repository>/<pull request>              the same of the one about applying
told/<owner>/<repository>/<pull request>                        what the last validation found, as it was shown
board/<owner>/<repository>/<0000000007>.<0000000001>            what a pull request waits for and whom, as last told
board-ended/<owner>/<repository>/<0000000007>.<0000000001>      the same of one that waits for nothing any more
asked/<owner>/<repository>/<pull request>                       who was asked for a review
rollbacks/<owner>/<repository>/<pull request>                   what a pull request of ours takes back
claims/merge/<owner>/<repository>/<branch>                      which run merges into a branch at the moment
claims/apply/<owner>/<repository>/<pull request>/<commit>       which run applies it at the moment
claims/state/<state key>                                        which run works on that state
claims/comment/<owner>/<repository>/<pull request>              which run writes there at the moment
claims/reply/<owner>/<repository>/<comment>                     which run answers it at the moment
claims/check/<owner>/<repository>/<pull request>                which run sets its checks at the moment
logins/<login>                                                  whose a login was when it was first seen
struck/<owner>/<repository>/<pipeline>                          when an `every:` row of it was started last
sources/<owner>/<repository>                                    which repository a source was when it was first seen
holds/<state key>/<owner>/<repository>/<0000000007>             whose merges may hold it
swept/<owner>/<repository>/<pull request>                       what its last decision was made from
swept/<owner>/<repository>/last                                 how far sweep has come
unapplied/<owner>/<repository>/<0000000007>                     a merge of which the ledger says nothing yet
renewals/<owner>/<repository>/<pull request>/<digest>           that a validation of just this was started by itself
heard/<owner>/<repository>/<pull request>/<digest>              that just this was said of what a stranger has started
begun/<owner>/<repository>/<run>                                a run that has begun, and not ended
ledger/<state key>/<0000000001>                                 what became of a resource, each time that it was tried
tried/<0000000007>/<owner>/<repository>/<state key>             which resources a pull request was tried on
applying/<state key>                                            that an apply of it has begun
backups/<state key>/<0000000001>                                a state as it was before an apply, sealed
audit/<0000000>/<0000000001>                                    the trail's batches, see `core/audit/chain`
decided/<run>/<digest>                                          what a run has decided, and from what
rules/<digest>                                                  the rules that it was decided by
durations/<owner>/<repository>                                  how long its resources took, to order work by
known-keys                                                      the trusted keys, as a run last saw them
"""

from engine.core.canonical import digest_bytes

_KEPT = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
_LONGEST = 100  # characters of a name that is kept
_DIGEST = "sha256-"  # begins what stands for any other text
_DIGITS = 10
# What begins the keys of all of them.
MERGES, FREEZES, LEDGER, AUDIT, BOARD, SOURCES = "merges/", "freeze/", "ledger/", "audit/", "board/", "sources/"
BACKUPS = "backups/"
# What is put once and has to stay, as others lean on it: a bucket that can keep what is deleted keeps these.
LASTING = (AUDIT, BACKUPS, "decided/", "holds/", LEDGER, MERGES, "rules/", "statements/", "tried/")
KNOWN_KEYS = "known-keys"
AUDIT_FOLDER = 1000  # batches of the trail in one folder: its end is found without listing all of it


def part(text: str) -> str:
    """A part of a key for any text: a name in lower case is kept, everything else becomes a digest. No two are one."""
    if text and len(text) <= _LONGEST and _KEPT.issuperset(text) and text[0] != "." and not text.startswith(_DIGEST):
        return text
    return _stands_for(text)


def _stands_for(text: str) -> str:
    return _DIGEST + digest_bytes(text.encode(errors="surrogatepass")).removeprefix("sha256:")


def statements(origin: str, repo: str, pr: int) -> str:
    """What the keys of a pull request's statements begin with.

    Runs on a clone have a series of their own: nobody who can start one takes a number, or a place, from GitHub's.
    """
    kind = "statements" if origin == "github" else f"statements-{origin}"
    return f"{kind}/{_repository(repo)}/{pr}/"


def _repository(repo: str) -> str:
    owner, _, name = repo.lower().partition("/")  # GitHub takes either case for the same repository
    return f"{part(owner)}/{part(name)}"


def numbered(prefix: str, number: int) -> str:
    """The key of one of them; keys are in the order of their numbers."""
    return f"{prefix}{number:0{_DIGITS}}"


def receipts(digest: str) -> str:
    """Where the receipts with this digest (`sha256:…`) are."""
    return f"receipts/{part(digest.removeprefix('sha256:'))}"


def freeze(environment: str | None) -> str:
    """Where it is said that an environment is frozen, or that all of them are (None)."""
    if environment is None:
        return f"{FREEZES}all"
    return f"{FREEZES}{_stands_for(environment) if environment == 'all' else part(environment)}"


def merge(repo: str, pr: int) -> str:
    """Where the merge decision of a pull request is."""
    return f"{MERGES}{_repository(repo)}/{pr}"


def held(state_key: str) -> str:
    """What the keys begin with that say whose merges may hold this state key."""
    return f"holds/{_stands_for(state_key)}/"


def hold(state_key: str, repo: str, pr: int) -> str:
    """Where it is said that the merge of this pull request may hold a state key."""
    return numbered(f"{held(state_key)}{_repository(repo)}/", pr)


def swept(repo: str, pr: int | None = None) -> str:
    """Where stands what the last decision of a pull request was made from, or how far sweep has come (None)."""
    return f"swept/{_repository(repo)}/{'last' if pr is None else pr}"


def unapplied(repo: str, pr: int | None = None) -> str:
    """Where it is said that a merge is perhaps not applied; without a number what all begin with."""
    prefix = f"unapplied/{_repository(repo)}/"
    return prefix if pr is None else numbered(prefix, pr)


def renewal(repo: str, pr: int, about: str) -> str:
    """Where it is said that a validation of just this was started by itself."""
    return f"renewals/{_repository(repo)}/{pr}/{part(about.removeprefix('sha256:'))}"


def heard(repo: str, pr: int, about: str) -> str:
    """Where it is said that the trail has just this of what a stranger has started on a pull request."""
    return f"heard/{_repository(repo)}/{pr}/{part(about.removeprefix('sha256:'))}"


def begun(repo: str, run: str = "") -> str:
    """Where it is said that a run has begun, by its part of the journal's keys; without one what all begin with."""
    return f"begun/{_repository(repo)}/{run}"


def merging(repo: str, pr: int) -> str:
    """Where it is said what a run is about to merge."""
    return f"merging/{_repository(repo)}/{pr}"


def comment(repo: str, pr: int, about: str = "") -> str:
    """Where it is said which comment of a pull request is ours; `about`: the one about that."""
    return f"comments{f'-{about}' if about else ''}/{_repository(repo)}/{pr}"


def told(repo: str, pr: int) -> str:
    """Where it stands what the last validation of a pull request found, as it was shown."""
    return f"told/{_repository(repo)}/{pr}"


def board(repo: str, pr: int, *, ended: bool = False) -> str:
    """What the keys begin with that say what a pull request waits for; `ended`: that it waits for nothing any more.

    What stands under one is never altered, and what follows has the next number: a list of keys says what is new.
    """
    return numbered(f"{BOARD.rstrip('/')}{'-ended' if ended else ''}/{_repository(repo)}/", pr) + "."


def claim(what: str, repo: str, about: str) -> str:
    """Where it is said who does at the moment what only one may do at a time."""
    return f"claims/{part(what)}/{_repository(repo)}/{part(about)}"


def working(pipeline: str, repo: str, pr: int, commit: str) -> str:
    """Where it is said who carries out a pipeline at the moment of which one at a time is enough, about this commit."""
    return f"claims/{part(pipeline)}/{_repository(repo)}/{pr}/{part(commit)}"


def alone(state_key: str) -> str:
    """Where it is said which run works on a state, or applies it, at the moment; of whatever repository."""
    return f"claims/state/{_stands_for(state_key)}"


def asked(repo: str, pr: int) -> str:
    """Where it stands who was asked for a review of a pull request."""
    return f"asked/{_repository(repo)}/{pr}"


def rollback(repo: str, pr: int) -> str:
    """Where it stands what a pull request of ours takes back."""
    return f"rollbacks/{_repository(repo)}/{pr}"


def login(name: str) -> str:
    """Where it is said whose a login was first; GitHub takes either case for the same."""
    return f"logins/{part(name.lower())}"


def source(repo: str) -> str:
    """Where it is said which repository a source was first."""
    return f"{SOURCES}{_repository(repo)}"


def struck(repo: str, pipeline: str) -> str:
    """Where it is said when a row of the clock was started last for a source."""
    return f"struck/{_repository(repo)}/{part(pipeline)}"


def ledger(state_key: str) -> str:
    """What the keys begin with that say what became of a state key."""
    return f"{LEDGER}{_stands_for(state_key)}/"


def tried(pr: int, repo: str = "", state_key: str = "") -> str:
    """Where it is said that a pull request was tried on a state key; without one what all of that number begin with."""
    prefix = numbered("tried/", pr) + "/"
    return f"{prefix}{_repository(repo)}/{_stands_for(state_key)}" if repo else prefix


def backups(state_key: str) -> str:
    """What the keys of a state's backups begin with."""
    return f"{BACKUPS}{_stands_for(state_key)}/"


def audit(number: int) -> str:
    """Where a batch of the trail is; the first one has the number 1."""
    return numbered(f"{AUDIT}{(number - 1) // AUDIT_FOLDER:07d}/", number)


def applying(state_key: str) -> str:
    """Where it is said that an apply of this state key has begun."""
    return f"applying/{_stands_for(state_key)}"


def decided(run: str, digest: str = "") -> str:
    """Where a decision of a run is, by its digest in hexadecimal digits; without one what all of them begin with."""
    return f"decided/{part(run)}/{digest}"


def durations(repo: str) -> str:
    """Where stands how long the resources of a repository took."""
    return f"durations/{_repository(repo)}"


def rules(digest: str) -> str:
    """Where the rules of that digest, in hexadecimal digits, are."""
    return f"rules/{digest}"
