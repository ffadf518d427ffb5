"""Every failure a user can cause: a code for ever, a place, what is wrong, what to do.

`TABLE` is the source of `engine error CODE` and of docs/reference/errors.md. Codes are never reused. The values are
NamedTuples because every command loads this module: a frozen dataclass costs about 0.8 ms of start-up each.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from engine.printable import harmless, in_line


class ExitCode(IntEnum):
    """What a command returns to the shell; of several the one that stands last here."""

    DONE = 0
    WAITING = 8  # approvals or checks are pending
    NEGATIVE = 1  # denied, policy failed, lint findings, drift, audit mismatch
    STALE = 5  # locked, stale or superseded
    AUTH = 4  # not authenticated or not permitted
    CONFIG = 2  # usage, or rules and configuration that do not load
    EXECUTOR = 3  # terraform, policy engine or GitHub failed
    INTERRUPTED = 130
    BUG = 101


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Of several exit codes the one to return; of none: done."""
    return max(codes, key=list(ExitCode).index, default=ExitCode.DONE)


class Row(NamedTuple):
    """One kind of failure. `title` and `remedy` are format strings over the same fields."""

    title: str
    remedy: str
    exit: ExitCode = ExitCode.CONFIG

    @property
    def shown(self) -> tuple[str, str]:
        """Both as people read them: fields by their names, braces once. What each case says for itself is said so."""
        plain = (text.replace("{{", "{").replace("}}", "}") for text in (self.title, self.remedy))
        title, remedy = (_OF_EACH if text[:1] == "{" and text.find("}") == len(text) - 1 else text for text in plain)
        return title, remedy


_OF_EACH = "(each case says its own)"

# Of earlier releases: what they meant cannot happen any more, and their numbers stay theirs.
GONE = frozenset({"ENG557", "ENG783"})

_NO, _EXEC, _AUTH, _STALE, _WAIT = (
    ExitCode.NEGATIVE,
    ExitCode.EXECUTOR,
    ExitCode.AUTH,
    ExitCode.STALE,
    ExitCode.WAITING,
)

TABLE: dict[str, Row] = {
    # ENG001-019 commands, files, settings
    "ENG001": Row("{file} cannot be read: {reason}", "check the path and its permissions"),
    "ENG002": Row("{file} cannot be written: {reason}", "free some space or choose another directory", _EXEC),
    "ENG003": Row("unknown error code `{name}`", "codes look like ENG001; `engine error` lists them all"),
    "ENG004": Row("setting {name} is not valid: {reason}", "correct or unset {name}"),
    "ENG005": Row("unknown command `{name}`", "`engine --help` lists the commands"),
    "ENG006": Row("{file} can be read by others (mode {mode})", "chmod 600 {file}", _AUTH),
    "ENG007": Row("{name} is not installed; it is optional", "install it to use it as a policy engine"),
    "ENG008": Row(
        "nothing is kept in {directory}: {reason}",
        "name a directory of your own, below directories that nobody else can write to",
        _AUTH,
    ),
    "ENG009": Row("{file} belongs to another user", "chown it, or name a file of your own", _AUTH),
    "ENG010": Row(
        "nothing says whose signatures are believed",
        "name the file of trusted keys with --keys, or its absolute path in ENGINE_TRUSTED_KEYS; one that happens to "
        "lie here could have come with the branch",
    ),
    # ENG020-039 YAML and JSON text
    "ENG020": Row("the file has {size} bytes; the limit is {limit}", "split it or remove what is not needed"),
    "ENG021": Row("byte {byte} is not UTF-8", "save the file as UTF-8"),
    "ENG022": Row("the file is empty", "write its content or remove it"),
    "ENG023": Row("character {character} cannot be seen", "remove it, wherever it stands and however it is spelt"),
    "ENG024": Row("not valid YAML: {reason}", "correct the line, or quote the text"),
    "ENG025": Row("a tab where YAML wants spaces", "replace it with spaces"),
    "ENG026": Row("a second document begins here", "keep one document per file"),
    "ENG027": Row("key `{name}` is here twice", "the first is on line {line}: keep one"),
    "ENG028": Row("key `{text}` is not a string", "put it in quotes"),
    "ENG029": Row("tag `{tag}` is not used here", "write the value without it"),
    "ENG030": Row("merge key `<<` is not YAML 1.2", "write the keys out"),
    "ENG031": Row("more than {limit} values once aliases are expanded", "use fewer aliases, or split the file"),
    "ENG032": Row("nested deeper than {limit} levels", "flatten it"),
    "ENG033": Row("number `{text}` begins with a zero", "put it in quotes if it is text, else drop the zero"),
    "ENG034": Row("`{text}` is not a number that JSON can hold", "write a finite number, or put it in quotes"),
    "ENG035": Row("not valid JSON: {reason}", "correct the text here"),
    "ENG036": Row("half of a surrogate pair, which is no character", "write both halves, or the character itself"),
    "ENG037": Row("an alias that contains itself", "write the value out"),
    "ENG038": Row("{number} more problems are not shown", "mend those above, then look again", _NO),
    "ENG039": Row("character {character} cannot be seen", "write what is meant; it is shown as an escape", _NO),
    # ENG040-049 what a schema refuses
    "ENG040": Row("unknown key `{name}`", "known here: {known}"),
    "ENG041": Row("key `{name}` is missing", "add `{name}`{about}"),
    "ENG042": Row("expected {expected}, found {found}", "{about}"),
    "ENG043": Row("`{value}` is none of the values that are allowed here", "one of: {known}"),
    "ENG044": Row("`{value}` does not have the form that is needed here", "{about}"),
    "ENG045": Row("expected {limit}", "{about}"),
    "ENG046": Row("{how} one of {names} is needed, found {found}", "{do} one of them"),
    "ENG047": Row("not allowed here: {reason}", "{about}"),
    "ENG048": Row("the document does not fit its schema", "compare it with the schema"),
    "ENG049": Row("a link that leads out of the directory", "put the file itself here; it leads to {target}"),
    # ENG050-079 rules that do not load
    "ENG050": Row("{file} is not here", "the rules begin in {file}: create it, or say where it is"),
    "ENG051": Row("`{glob}` matches no file", "add the file, correct the pattern or remove it"),
    "ENG052": Row("unknown gate `{name}`", "known: {known}"),
    "ENG053": Row("unknown action `{name}`", "known: {known}"),
    "ENG054": Row("unknown approver group `{name}`", "known: {known}"),
    "ENG055": Row("unknown pipeline `{name}`", "known: {known}"),
    "ENG056": Row("unknown event `{name}`", "known: {known}"),
    "ENG057": Row("event `{event}` has no type `{name}`", "its types: {known}"),
    "ENG058": Row("unknown fact `{name}`", "known: {known}"),
    "ENG059": Row("unknown override `{name}`", "known: {known}"),
    "ENG060": Row("unknown environment `{name}`: this is never equal", "known: {known}"),
    "ENG061": Row("{what} `{name}` is there twice", "the first is at {first}: rename or remove one"),
    "ENG062": Row("`{what}` goes round in circles: {path}", "take one of them out"),
    "ENG063": Row("the outputs of `{name}` do not exist when `{own}` runs", "move it up, or use one of: {known}"),
    "ENG064": Row("branch `{branch}` is mapped twice: {one}, {other}", "give each a branch of its own"),
    "ENG065": Row("`{glob}` overlaps with `{theirs}` of {repo}", "a path has one owner: narrow one of them"),
    "ENG066": Row("`{name}` writes, and `protect` does not name it", "add it to `protect:` with its gates"),
    "ENG067": Row("`gates: none`, and `{name}` does not run without gates", "name the gates of this pipeline"),
    "ENG068": Row("pipeline `{name}` has no gates", "name them, or write `gates: none`"),
    "ENG069": Row("`{action}` has no input `{name}`", "its inputs: {known}"),
    "ENG070": Row("`{action}` needs the input `{name}`", "give it under `with:`"),
    "ENG071": Row("input `{name}` of `{action}` must be {expected}", "correct it, or write one `${{…}}`"),
    "ENG072": Row("`{action}` needs the {what}", "add {which} to the pipeline's `permissions:`"),
    "ENG073": Row(
        "`unmet` has no say in approvals and in `order`",
        "remove it: too few are pending, and so is what is not through yet; a veto, and waiting for nothing, is fail",
    ),
    "ENG074": Row("`{name}` belongs to an event, not to a clock", "remove it"),
    "ENG075": Row("`locks` is not one expression", "write one `${{…}}` that yields a list of state keys"),
    "ENG076": Row("override `{name}` takes one person only", "name a gate with approvals, and without `when`, here"),
    "ENG077": Row("{file} is not part of the rules", "name it in `include:` of {entry}, or leave it out"),
    "ENG078": Row("`{command}` and `{theirs}` of `{other}` begin alike", "one comment would be both: tell them apart"),
    "ENG079": Row("approvals that {ways} sets of people could give", "nest fewer `any` in `all`: {most} at the most"),
    # ENG080-099 rules that load, and are probably not what was meant
    "ENG080": Row("nothing starts pipeline `{name}`", "start it in `events:`, `then:` or `else:`, or remove it", _NO),
    "ENG081": Row("no pipeline asks gate `{name}`", "name it in a pipeline or in `protect:`, or remove it", _NO),
    "ENG082": Row("nothing calls `{name}()`", "use it or remove it", _NO),
    "ENG083": Row("no gate allows override `{name}`", "name it as a gate's `override:`, or remove it", _NO),
    "ENG084": Row("nothing asks group `{name}`", "use it or remove it", _NO),
    "ENG085": Row("environment `{name}` is easily taken for `{other}`", "rename one of them", _NO),
    "ENG086": Row("approvals count from people behind the change: {missing}", "exclude them too", _NO),
    "ENG087": Row(
        "gate `{name}` reads `{fact}` and does not need it: before there is one it is an error",
        "add `needs: {fact}`, so that it is pending",
        _NO,
    ),
    "ENG088": Row("no action here needs `{name}`", "remove the permission", _NO),
    "ENG089": Row("{need} approvals from groups of {have}: never met", "ask for fewer, or add people", _NO),
    "ENG090": Row(
        "every gate of `{name}` has a `when`; where none applies, the outcome is an error",
        "add a gate that always applies",
        _NO,
    ),
    "ENG091": Row(
        "every gate that protects `{name}` has a `when`; where none applies, nothing protects it",
        "add a gate that always applies",
        _NO,
    ),
    # ENG100-149 expressions
    "ENG100": Row("the expression is empty", "write a condition, such as `pr.draft`, or leave the key out"),
    "ENG101": Row("the expression does not parse: {reason}", "see docs/reference/expressions.md"),
    "ENG102": Row("the expression is {what} (the limit is {limit})", "move parts of it to `define:`"),
    "ENG103": Row("the number {written} needs backticks", "write `` `{written}` ``"),
    "ENG104": Row("`{word}` in backticks is neither JSON nor text", "write '{word}'"),
    "ENG105": Row("`{word}` alone is the name of a field, not a value", "write `` `{word}` ``"),
    "ENG106": Row("`[]` also flattens lists inside the list", "write `[*]`"),
    "ENG107": Row("`!` binds to `{head}` only, not to all of `{text}`", "write `!({rest})`"),
    "ENG108": Row("nothing here is called `{name}`", "there is: {known}"),
    "ENG109": Row("{subject} has no `{name}`", "it has: {known}"),
    "ENG110": Row("unknown function `{name}`", "see docs/reference/expressions.md for all of them"),
    "ENG111": Row("`{name}` takes {wanted}, not {given}", "write {usage}"),
    "ENG112": Row("`{name}` wants {wanted} as argument {number}, and {subject} is {found}", "see {usage}"),
    "ENG113": Row("{subject} is {found}, not true or false", "compare it with something"),
    "ENG114": Row("{left} is {left_type} and {right} is {right_type}: never equal", "compare like with like"),
    "ENG115": Row(
        "{subject} is {found}: only numbers have an order", "compare numbers; for times there is `seconds_since(…)`"
    ),
    "ENG116": Row("no schema says that {subject} may be null", "ask `present(…)` for a path that may be missing"),
    "ENG117": Row("{left} is never {right}", "it is one of: {known}"),
    "ENG118": Row("{subject} would be everything that is known", "name a fact"),
    "ENG119": Row("`{name}` wants a path such as `pr.head.sha`, not {subject}", "name a part of a fact"),
    "ENG120": Row("`define` goes round in circles: {chain}", "let one of them do without the others"),
    "ENG121": Row("`define` may not redefine `{name}`", "there is a function of that name; choose another name"),
    "ENG122": Row("`{name}` cannot be the name of a `define`", "use letters, digits and `_`"),
    "ENG123": Row("{subject} is {found}: it has no {wanted}", "{way}"),
    "ENG124": Row(
        "the `${{` here is never closed", "close it with `}}`, or write `$${{` for the characters themselves"
    ),
    "ENG125": Row("{subject} is {found}, which cannot stand inside a text", "name a text, a number, true or false"),
    "ENG126": Row("`{name}()` reads the fact `{fact}`, which is not known here", "there is: {known}"),
    "ENG127": Row("`&{text}` can only be an argument of {known}", "write `&&` for `and`"),
    "ENG128": Row("the key `{name}` is there twice", "keep one of them"),
    "ENG129": Row(
        "the installed `jmespath` reads this in a way that is not known here ({kind})",
        "install a release that Interlock requires: `pip install 'jmespath>=1.0.1,<2'`",
    ),
    "ENG130": Row("the fact `{name}` is not there: not fetched, absent or failed", "name it in the gate's `needs:`"),
    "ENG131": Row("{subject} is missing", "use `default({text}, value)` or `present({text})` where it may be missing"),
    "ENG132": Row(
        "{subject} has a null in it, which would be left out silently",
        "leave it out with a filter `[?present(…)]`, or keep it with `map(…)`",
    ),
    "ENG133": Row("`{name}` has no answer: {reason}", "an unknown is never a yes; see {usage}"),
    "ENG134": Row("{subject} is null, and nothing says that it may be", "ask `present({text})` first"),
    "ENG135": Row("`--query` has no answer: {reason}", "see https://jmespath.org/specification.html"),
    # ENG150-199 events and facts
    "ENG150": Row("the event is empty", "hand over the webhook's body, or the file that GITHUB_EVENT_PATH names"),
    "ENG151": Row("the event has more than {limit} MB, the most that GitHub sends", "hand over the event itself"),
    "ENG152": Row("the event is not JSON: {reason}", "hand over the event as GitHub sent it, unchanged"),
    "ENG153": Row("the event is not believed: {reason}", "hand over the event as GitHub sent it, unchanged"),
    "ENG154": Row("the event is {found}, not an object", "hand over the event as GitHub sent it, unchanged"),
    "ENG155": Row("the event does not tell which one it is", "say --event-name NAME, one of: {known}"),
    "ENG156": Row("this `{event}` event cannot be used, see `{path}`: {reason}", "hand over GitHub's whole payload"),
    "ENG157": Row("the dispatch breaks its contract, see `{path}`: {reason}", "see schemas/dispatch.schema.json"),
    "ENG158": Row("the dispatch has a key that {event} does not take: {key}", "see schemas/dispatch.schema.json"),
    "ENG159": Row("{name} is not an event that rules can listen to", "these are: {known}"),
    # ENG190-199 the store
    "ENG190": Row("{store} is no store: {reason}", "name an empty place, or one that was a store before"),
    "ENG191": Row("the store {store} is a `{found}`; this release knows `{known}`", "use the release that made it"),
    "ENG192": Row(
        "in the store {store} somebody has held `{key}` for {seconds} s",
        "see which process has the directory open (`fuser`), let it go on or end it, and run again",
        _STALE,
    ),
    "ENG193": Row(
        "what the store has at {key} is not believed: {reason}",
        "put it back, from a copy of the store; a key that has signed stays in trusted-keys.yaml, perhaps `revoked`",
        _NO,
    ),
    "ENG194": Row(
        "what the store has at {key} was written by a newer engine (version {version}; this one knows {known})",
        "use that release for everything that shares the store",
    ),
    "ENG195": Row(
        "of the statements about {subject} number {number} is missing in the store, and there are later ones",
        "put it back, from a copy of the store; or close the pull request, and go on in a new one from the same branch",
        _NO,
    ),
    "ENG196": Row("{key} is larger than the {limit} bytes that a store keeps", "split the change", _EXEC),
    "ENG197": Row(
        "there are {number} statements about {subject}, and more are not kept",
        "close it, and go on in a new pull request from the same branch",
        _NO,
    ),
    "ENG198": Row(
        "{tries} times somebody else has signed a statement about {subject} first",
        "run it again when there are fewer validations of it at once",
        _STALE,
    ),
    "ENG199": Row(
        "the last statement about {subject} was signed at {then}, and here it is {now} only",
        "set the clocks right, and validate again",
        _EXEC,
    ),
    # ENG200-249 decision, approvals, overrides
    "ENG200": Row("fact {name} is both there and not", "a fact stands in one of facts, absent and failed"),
    "ENG201": Row("no pipeline is called `{name}`", "name one of: {known}"),
    "ENG202": Row("there is no event", "name its file with --event, or set GITHUB_EVENT_PATH"),
    "ENG203": Row(
        "`{uses}` needs a store that others see, and {reason}",
        "set ENGINE_STORE to s3:BUCKET/PREFIX, or to dir:/mnt/interlock?shared=1 for a mounted volume",
    ),
    "ENG204": Row("there are no receipts {digest} in the store", "see the verdict that names them: engine verify FILE"),
    "ENG205": Row("no rule `{name}` was asked", "name one of: {known}"),
    "ENG206": Row("{what} needs {library}, which is not installed", "run `pip install 'interlock-engine[{extra}]'`"),
    "ENG207": Row(
        "it is no merge decision of ours: {reason}",
        "see schemas/merge.schema.json; a key that signs what is not so has to be revoked",
        _NO,
    ),
    "ENG208": Row(
        "{subject} has a merge decision already, of commit {found:.12}, and this would be one of {commit:.12}",
        "see what was merged with `git log`; it is decided once, and the one in the store stands",
        _NO,
    ),
    # ENG250-269 rule fixtures (`engine test`)
    "ENG250": Row("no fixtures in {paths}", "name YAML files of cases, or directories that hold them"),
    "ENG251": Row("the rules have no {what} `{name}`", "name one of: {known}"),
    "ENG252": Row(
        "the case has no event",
        "say `event: {{name: …}}` here or under `given:`, or name the file that says it by `shares:`",
    ),
    "ENG253": Row("nobody is called `{login}` here", "list them under `people:` (known: {known})"),
    "ENG254": Row("{path}: {reason}", "facts have the form of schemas/facts.schema.json"),
    "ENG255": Row("fixtures share each other in a circle: {files}", "take one `shares:` out"),
    # ENG270-299 statements and keys
    "ENG270": Row("this is not a signed statement: {reason}", "hand over the file as the engine wrote it", _NO),
    "ENG271": Row("it is signed with the key {key}, which nobody declared trusted", "see trusted-keys.yaml", _NO),
    "ENG272": Row(
        "it is signed with the key {key}, revoked since {revoked}", "have it signed again with another key", _NO
    ),
    "ENG273": Row("it is signed with the key {key}, which expired at {expires}", "have it signed again", _NO),
    "ENG274": Row(
        "it is signed with the key {key}, which may sign {purposes} only, not {purpose}", "see trusted-keys.yaml", _NO
    ),
    "ENG275": Row(
        "its signature is not of the key {key}", "it was changed, or signed by somebody else: validate again", _NO
    ),
    "ENG276": Row("this is not a public Ed25519 key", "32 bytes in base64, as `engine keys new` prints them"),
    "ENG277": Row("`{id}` is not the id of this public key", "write {right}"),
    "ENG278": Row("the key `{id}` stands here twice", "keep one entry"),
    "ENG279": Row("`{value}` is not a moment", "write it like 2027-11-23T00:00:00Z"),
    "ENG280": Row(
        "what was signed is not a verdict statement of version 2",
        "validate again, or read it with the release that wrote it; see schemas/statement.schema.json",
        _NO,
    ),
    "ENG281": Row("it was signed in the future, at {signed_at}", "set the clocks right, and validate again", _NO),
    "ENG282": Row("it expired at {expires_at}", "validate again", _NO),
    "ENG283": Row("the signing key cannot be used: {reason}", "make one: engine keys new", ExitCode.AUTH),
    "ENG284": Row("{file} exists, and a key is never overwritten", "choose another file"),
    "ENG285": Row(
        "`{value}` is no expiry of a key: {reason}", "a number of days such as 365d, or a date such as 2027-11-23"
    ),
    "ENG286": Row(
        "this public key is worth nothing: {reason}", "whoever made it can have it made anew: engine keys new"
    ),
    "ENG287": Row("the statement contradicts itself: {reason}", "its key signs what is not so: revoke it", _NO),
    "ENG288": Row("the statement says what cannot be: {reason}", "its key signs what is not so: revoke it", _NO),
    # ENG300-349 configuration as data (discovery)
    "ENG300": Row("{path} is not configuration", "a pull request may change .tfvars, .json and .md files only", _NO),
    "ENG301": Row("{path} is Terraform code", "remove it: only the controller's terraform/ holds code", _NO),
    "ENG302": Row("Terraform would load {path} by itself", "name it after the resource: <name>.tfvars", _NO),
    "ENG303": Row("{path} is a working file of Terraform", "remove it: the engine makes its own", _NO),
    "ENG304": Row("{path} is a symbolic link", "commit the file itself", _NO),
    "ENG305": Row("{path} is a submodule", "commit the files themselves", _NO),
    "ENG306": Row("{path} is executable", "git update-index --chmod=-x {path}", _NO),
    "ENG307": Row("the name {path} cannot be used: {reason}", "use letters, digits and . _ + = @ -", _NO),
    "ENG308": Row("{path} is not text: {reason}", "save it as UTF-8 text", _NO),
    "ENG309": Row("{path} has {size} bytes; the limit is {limit}", "split it into several resources", _NO),
    "ENG310": Row("{path} is in no service's directory", "put it below one of: {known}", _NO),
    "ENG311": Row("{path} is deeper than {expected}", "directories go above the service, not below it", _NO),
    "ENG312": Row("{path} belongs to no resource", "name it {expected}, after the .tfvars file beside it", _NO),
    "ENG313": Row("{path} holds {number} .tfvars files: {names}", "give each a directory of its own", _NO),
    "ENG314": Row("{path} has documents but no .tfvars", "add {expected}, or remove the documents too: {names}", _NO),
    "ENG315": Row("{name} is both a file and a directory", "keep {path}.tfvars or {path}/, not both", _NO),
    "ENG316": Row("{path} and {other} differ only in case", "rename one: some stores see one name", _NO),
    "ENG317": Row("{repo} does not own {path}", "it owns: {owns}", _NO),
    "ENG318": Row("nothing refers to {path}", 'name it in the .tfvars (`policy_file = "{name}"`), or remove it', _NO),
    "ENG319": Row("{path} does not belong beside a resource", "a resource has one .tfvars and its .json files", _NO),
    "ENG320": Row("not valid tfvars: {reason}", "correct the line", _NO),
    "ENG321": Row("{what} is not a literal value", "write the value itself: tfvars are data, not code", _NO),
    "ENG322": Row("a block is not a value", "write `{name} = {{ … }}`", _NO),
    "ENG323": Row("`{name}` is set twice", "the first is on line {line}: keep one", _NO),
    "ENG324": Row("this key is not a plain name", 'write a name, or "text" without escapes and templates', _NO),
    "ENG325": Row("nested deeper than {limit} levels", "flatten it", _NO),
    "ENG326": Row("the controller's module cannot be read: {reason}", "run `terraform validate` in the module"),
    "ENG327": Row("`{name}` and `{other}` say the same thing", "keep one of them", _NO),
    "ENG328": Row("`{value}` is not beside the .tfvars file", "name one of the resource's own documents: {known}", _NO),
    "ENG329": Row("document `{value}` does not exist", "the resource's documents: {known}", _NO),
    "ENG330": Row("unknown variable `{name}`", "{service} sets: {known}", _NO),
    "ENG331": Row("`{name}` belongs to {owner}, this is {service}", "move it to a resource below {owner}/", _NO),
    "ENG332": Row("`{name}` is reserved for the platform", "remove it: the controller sets it", _NO),
    "ENG333": Row("unknown attribute `{name}`", "known here: {known}", _NO),
    "ENG334": Row("attribute `{name}` is missing", "add `{name}` ({expected})", _NO),
    "ENG335": Row("`{name}` must be {expected}, not {found}", "{remedy}", _NO),
    "ENG336": Row("{path} describes nothing", "fill {known}; to destroy the resource remove its files", _NO),
    "ENG337": Row("`{name}` is not a key of {where}", "known here: {known}", _NO),
    "ENG338": Row("{where} must be {expected}", "correct the policy document", _NO),
    "ENG339": Row("the number {text} is out of range", "write at most {limit} characters, 1e-300 to 1e300", _NO),
    "ENG340": Row("`environment` is missing", 'add `environment = "…"`; declared: {known}', _NO),
    "ENG341": Row("`{value}` is not a declared environment", "did you mean `{near}`?", _NO),
    "ENG342": Row("one change, two environments: {names}", "make one pull request for each", _NO),
    "ENG343": Row("{path} would move from {old} to {new}", "ask for it with --allow-move {path}, or undo it", _NO),
    "ENG344": Row(
        "{path} was {old}: its state stays under {state_key}",
        "undo the rename, or ask for it with --allow-move {path} and move the state",
        _NO,
    ),
    "ENG345": Row(
        "{path} is deleted: that destroys it",
        "ask for it with --allow-destroy {path} (on its pull request: /engine destroy {path}), or undo it",
        _NO,
    ),
    "ENG346": Row("{option} {path} fits nothing in this change", "it would be: {known}", _NO),
    "ENG347": Row("{path} has {number:,} documents; the limit is {limit:,}", "split it into several resources", _NO),
    "ENG348": Row("{number:,} paths changed; the limit is {limit:,}", "make several pull requests of it", _NO),
    "ENG349": Row(
        "too many globs begin alike to tell whether two sources own one path",
        "begin each with the name of a directory: a wildcard there meets the globs of all other sources",
    ),
    # ENG350-379 git
    "ENG350": Row("{path} is not a git repository", "name the directory of a clone with --repo"),
    "ENG351": Row("`{name}` is not a commit here", "fetch it: git fetch origin {name}"),
    "ENG352": Row("`{name}` cannot be a revision", "name a branch, a tag or a commit"),
    "ENG353": Row("this clone is shallow: {reason}", "git fetch --unshallow (in Actions: fetch-depth: 0)"),
    "ENG354": Row("{base} and {head} have no common commit", "compare branches of one repository"),
    "ENG355": Row("git lacks object {id}", "git fetch; in a partial clone: git fetch --refetch --no-filter"),
    "ENG356": Row("git said: {said}", "run `git fsck` in the repository", _EXEC),
    "ENG357": Row("the source cannot be told: origin is {origin}", "say --source, one of: {known}"),
    "ENG358": Row("source `{name}` is not declared", "declared: {known}"),
    "ENG359": Row("no --base to compare with", "say --base REV, or --all for all resources of the head"),
    "ENG360": Row(
        "object {id} cannot be believed: {reason}",
        "somebody has altered this clone: remove it and clone again from the server",
        _EXEC,
    ),
    "ENG361": Row(
        "{path} keeps {what} as `{found}`, which is not read here",
        "clone again with `git clone --ref-format=files`, or convert it with `git refs migrate --ref-format=files`",
    ),
    "ENG362": Row("`{name}` may be any of {names}", "say which by its full name"),
    "ENG363": Row("this is too large to be looked at: more than {limit} {what}", "split it into several changes", _NO),
    "ENG364": Row(
        "this clone does not say where `{branch}` is",
        "git fetch origin +refs/heads/{branch}:refs/remotes/origin/{branch}",
    ),
    "ENG365": Row(
        "the event's base {sha:.12} is not on `{branch}`, which is at {tip:.12} here",
        "git fetch origin +refs/heads/{branch}:refs/remotes/origin/{branch}; else this event is of another branch",
        _STALE,
    ),
    "ENG366": Row(
        "the event is of {repo}, but {reason}",
        "name a clone of {repo} with --repo; one without an origin is named by --source owner/name",
    ),
    "ENG367": Row(
        "`{base}` and `{head}` parted in several places: {commits}",
        "merge the base branch into this one: then they parted where it is now",
    ),
    "ENG368": Row(
        "`{ref}` is said to be of {repo}, so this clone cannot tell whether it is still at {sha:.12}",
        "git fetch origin refs/pull/{number}/head:refs/pull/{number}/head",
    ),
    "ENG369": Row("git {found} is too old: {reason}", "install git 2.38 or later", _EXEC),
    "ENG370": Row(
        "merging `{head}` into `{base}` as it is now is a conflict: {paths}",
        "merge `{base}` into `{head}` and say there what is meant",
        _NO,
    ),
    "ENG371": Row(
        "the event says that it was merged as {sha:.12}, which is not on `{branch}`, at {tip:.12} here",
        "git fetch origin +refs/heads/{branch}:refs/remotes/origin/{branch}; else this event is of another branch",
        _STALE,
    ),
    # ENG380-399 documents
    "ENG380": Row(
        "`{name}` does not say which kind of document it takes",
        "end its line with `# document: KIND`, one of: {known}; name it …_json, a string or a map of strings",
    ),
    "ENG381": Row("Sid `{sid}` has other characters than letters and digits", "leave it out: AWS needs none", _NO),
    "ENG382": Row("Sid `{sid}` is here twice", "the first is on line {line}: rename one, or leave it out", _NO),
    "ENG383": Row("`{name}` has no place in {kind}", "remove it", _NO),
    "ENG384": Row("this statement has no {name}", "add `{name}` or `{other}`: {kind} needs it", _NO),
    "ENG385": Row("`{operator}` is no condition operator", "known: {known}", _NO),
    "ENG386": Row("`{name}` is no condition key: {reason}", "write one key, once, such as `aws:SourceIp`", _NO),
    "ENG387": Row("{operator} compares with {takes}, not with {found}", "write {takes}, or a list of such", _NO),
    "ENG388": Row(
        "`{value}` is no principal: {reason}",
        'name an account, a role, a user or a service in full; for many, "*" with a Condition',
        _NO,
    ),
    "ENG389": Row("`{value}` is no action here: {reason}", "write service:Action, such as `s3:GetObject`, or `*`", _NO),
    "ENG390": Row(
        "`{value}` is no resource here: {reason}", "write `arn:aws:service:region:account:name`, or `*`", _NO
    ),
    "ENG391": Row(
        "nobody fills in `{text}` here",
        "write the value: Terraform reads no documents, and AWS has variables in Resource and in conditions on strings",
        _NO,
    ),
    "ENG392": Row("`{text}` is plain text in this Version", 'write "Version": "{version}" for variables', _NO),
    "ENG393": Row("{kind} of {size} characters is too long: AWS takes {limit}", "shorten it", _NO),
    "ENG394": Row("AWS takes no {character} in {kind}", "write characters from U+0020 to U+00FF only", _NO),
    "ENG395": Row("more than {number} problems in one document", "correct these first", _NO),
    "ENG396": Row("the number `{text}` would be rounded", "write at most 15 digits, or put it in quotes", _NO),
    "ENG994": Row("`{name}` is no setting of the engine's, and `{near}` is not set", "call it {near}"),
    "ENG995": Row("this document is {found}, and {wanted} is wanted here", "name the document that is", _NO),
    "ENG996": Row("`{name}` is an attribute of an entry of `{variable}`, and stands beside them", "write {way}", _NO),
    "ENG997": Row("this is hardly meant: {said}", "correct it, or leave it where it is meant", _NO),
    "ENG998": Row("annotation of a policy: {reason}", "correct the comment above the rule"),
    # ENG815-824 order
    "ENG815": Row(
        "these wait for one another, so that none of them can be first: {circle}",
        "take one of these out; where both are needed, bring it in a second pull request, with `Depends-On: #NUMBER`",
        _NO,
    ),
    "ENG816": Row(
        "these name one another, so that none of them waits: {circle}",
        "nothing has to be done where they are there already; to make them anew takes two pull requests",
        _NO,
    ),
    "ENG817": Row(
        "`{text}` cannot be waited for: {reason}",
        "name a resource of this source and of the same environment by its path, such as `S3/data-lake`",
        _NO,
    ),
    "ENG818": Row(
        "`{text}` is nothing that this source defines for {environment}",
        "correct it, or see that it is there before: nobody waits for what is made elsewhere",
        _NO,
    ),
    "ENG819": Row(
        "`{text}` is {what}, which nothing has before it is made",
        "write {form}; or make it in a pull request of its own, and name it in one that says `Depends-On: #NUMBER`",
        _NO,
    ),
    "ENG820": Row(
        "the order is known only among what this change touches: {reason}",
        "say `depends_on` where one of these has to wait for another through something else",
        _NO,
    ),
    "ENG821": Row(
        "`{text}` is no form of a name: {reason}",
        "write `# defines: arn:aws:sqs:REGION:ACCOUNT:{{queue_name}}` above, or `# names: arn:aws:s3:::{{}}` behind it",
    ),
    "ENG822": Row(
        "{path} is destroyed, and `{text}` still names it",
        "take the name out in the same change, or see that it may be missing",
        _NO,
    ),
    "ENG823": Row("nothing in this source is for `{name}`", "environments of its resources: {known}"),
    "ENG824": Row(
        "{path} defines `{name}`, too",
        "keep one of them: both would believe that it is theirs, and destroying one takes it from the other",
        _NO,
    ),
    # ENG400-449 Terraform
    "ENG400": Row(
        "{program} was not found",
        "install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install), "
        "or run `pip install 'interlock-engine[terraform]'`",
        _EXEC,
    ),
    "ENG401": Row("{program} {version} is too old", "install version {wanted} or newer", _EXEC),
    "ENG402": Row("{program} is not Terraform: {reason}", "correct or unset ENGINE_TERRAFORM", _EXEC),
    "ENG403": Row(
        "Terraform cannot get its providers: {said}",
        "let it reach the registry, or name a directory with `registry.terraform.io/…` in ENGINE_TERRAFORM_MIRROR",
        _EXEC,
    ),
    "ENG404": Row("{path} is not a provider mirror", "name the directory that holds `registry.terraform.io/…`"),
    "ENG405": Row("the Terraform module cannot be prepared: {said}", "correct the module in {path}", _EXEC),
    "ENG406": Row("no Terraform module in {path}", "name the directory that holds main.tf"),
    "ENG407": Row("nothing is prepared in {path}: {reason}", "chmod 700 it, or set ENGINE_CACHE_DIR to a private one"),
    "ENG408": Row(
        "the provider is not the one of the lock file: {said}",
        "keep away from it; only if the lock file says nothing of this platform yet, and you trust what is installed: "
        "{command}",
        _EXEC,
    ),
    "ENG409": Row(
        "{file} pins the providers for Terraform, and OpenTofu takes its own from another registry",
        "make a lock file for it (`tofu providers lock` in a copy of the module without that one), and name it in "
        "ENGINE_TOFU_LOCK",
    ),
    "ENG410": Row("Terraform: {said}", "correct the configuration of {resource}", _EXEC),
    "ENG411": Row("{resource} was tried {attempts} times: {said}", "run again when the service answers", _EXEC),
    "ENG412": Row(
        "the state of {resource} is locked: {said}",
        "wait for the run that holds it; if that run is dead, `terraform force-unlock` with the lock's id",
        _STALE,
    ),
    "ENG413": Row("the plan of {resource} is stale: {said}", "plan again", _STALE),
    "ENG414": Row("{resource} was not initialised: {said}", "empty ENGINE_CACHE_DIR and run again", _EXEC),
    "ENG415": Row("the state of {resource} cannot be read: {said}", "check ENGINE_STATE_BUCKET and its region", _EXEC),
    "ENG416": Row("Terraform's answer for {resource} makes no sense: {reason}", "check the program, run again", _EXEC),
    "ENG417": Row("AWS refuses {resource}: {said}", "check the credentials, their role and their account", _AUTH),
    "ENG418": Row("a working directory cannot be written: {reason}", "free some space, or set ENGINE_CACHE_DIR", _EXEC),
    "ENG419": Row(
        "{path} is not taken for a provider mirror: {reason}", "if you trust it, name it in ENGINE_TERRAFORM_MIRROR"
    ),
    "ENG430": Row("the plan cannot be understood: {reason}", "{mend}", _EXEC),
    "ENG440": Row("the AWS emulator is not installed", "run `pip install 'interlock-engine[emulator]'`", _EXEC),
    "ENG441": Row("the AWS emulator did not start: {reason}", "run again; if it stays, reinstall moto", _EXEC),
    "ENG442": Row(
        "nothing can be planned without an account, because the module asks what only an account can answer: {what}",
        "plan it in an environment that has an account and a region, or take that out of the module",
    ),
    "ENG443": Row("{path} leads out of {directory}", "name files and directories of the working tree"),
    "ENG444": Row("{path} names no file in {directory}", "name a resource, one of its files, or a directory of them"),
    "ENG445": Row(
        "there is no resource among what is to be checked in {directory}",
        "name the working tree with --repo; resources lie below a directory of their service, such as S3",
    ),
    "ENG446": Row(
        "the module asks AWS while it plans, and there is no account that could answer: {said}",
        "plan it in an environment that has an account and a region, or take that out of the module",
        _EXEC,
    ),
    # ENG450-459 processes
    "ENG450": Row("{program} was not found", "{install}", _EXEC),
    "ENG451": Row(
        "{program} did not end within {seconds} s and was stopped", "raise the timeout, or see why it hangs", _EXEC
    ),
    "ENG452": Row("{program} was cancelled", "run the command again", ExitCode.INTERRUPTED),
    "ENG453": Row("{program} was killed by {signal}", "look for a lack of memory or a time limit", _EXEC),
    "ENG454": Row("{program} ended with exit code {status}: {said}", "correct what it complains about", _EXEC),
    "ENG455": Row("{program} cannot be started: {reason}", "check that it is an executable for this machine", _EXEC),
    "ENG456": Row("{program} printed more than {size} and was stopped", "see why it prints so much", _EXEC),
    # ENG462-479 programs that outlive us, applying
    "ENG462": Row(
        "{program} is still at work on {resource}, since an earlier process of this run",
        "wait for its end, and go on with the run (--resume): it is found again",
        _STALE,
    ),
    "ENG463": Row(
        "{program} was begun already in {folder}",
        "nothing to do: whoever goes on with the run finds it there",
        _STALE,
    ),
    "ENG464": Row(
        "{folder} is not as we have left it: {reason}",
        "find out who could write there, and look at the state itself before anything is applied again",
        _AUTH,
    ),
    "ENG465": Row(
        "the credentials for {resource} are of another account: {said}",
        "give the environment the profile of its account (`environments.<name>.profile`); nothing was written",
        _AUTH,
    ),
    "ENG466": Row(
        "another process works on {resource}, in {folder}",
        "wait for its end; if it hangs, end it: what Terraform has begun goes on",
        _STALE,
    ),
    "ENG467": Row(
        "the state of {resource} makes no sense: {reason}",
        "look at it with `terraform state pull`, and restore a backup if it is broken",
        _EXEC,
    ),
    "ENG468": Row(
        "Terraform could not write the state of {resource} where it belongs, and left it in {file}",
        "it is pushed back first (go on with the run: --resume); nothing else may write that state before",
        _EXEC,
    ),
    "ENG469": Row(
        "the profile `{profile}` of {environment} is the store's, which Terraform never gets",
        "name another one in `environments.{environment}.profile`, or in ENGINE_AWS_PROFILE",
    ),
    "ENG470": Row(
        "nobody knows what Terraform has done to {resource}: {reason}",
        "go on with the run (--resume): it looks at what is there before it does anything",
        _EXEC,
    ),
    "ENG471": Row("the plan of {resource} is not the one that was shown: {reason}", "plan again", _STALE),
    # ENG500-549 policy engines
    "ENG500": Row(
        "{where} holds no policy", "add `*.rego` files (for Checkov: `checkov/*.py`), or name their directory"
    ),
    "ENG501": Row(
        "no rule to ask in {packages}", "write `deny contains msg if {{ … }}`; `warn` and `violation` are asked too"
    ),
    "ENG502": Row(
        "not valid Rego: {reason}", "correct it; Rego v1 is meant (`engine policy convert` rewrites old policies)"
    ),
    "ENG503": Row(
        "policy data is {what}, not an object",
        "write a JSON object, whose keys appear below `data`; what is no data goes into a directory `testdata`",
    ),
    "ENG504": Row("{what} stands where {other} is", "rename one of them: engines differ in which one wins"),
    "ENG505": Row("{construct} means something else to the embedded engine than to OPA", "{mend}"),
    "ENG506": Row("`{name}` is not available to policies", "{mend}"),
    "ENG507": Row("`{name}` is not defined", "correct the name, or import the package that has it"),
    "ENG508": Row("`{name}` calls itself: {chain}", "use `walk`, `graph.reachable` or a comprehension instead"),
    "ENG509": Row(
        "`{name}` takes arguments, so nobody would ask it", "name the function otherwise: {prefix} is for rules"
    ),
    "ENG510": Row("policy failed on {resource}: {reason}", "guard the expression (say, with `is_string(x)`)", _EXEC),
    "ENG511": Row("policy did not end within {seconds} s", "simplify the policy, or allow it more time", _EXEC),
    "ENG512": Row(
        "policy engine {engine} broke down: {reason}", "look for endless recursion or a lack of memory", _EXEC
    ),
    "ENG513": Row("the answer of {engine} cannot be understood: {reason}", "check its version", _EXEC),
    "ENG514": Row("{rule} gave {what} for {resource}", "{mend}", _EXEC),
    "ENG515": Row("{resource} is no plan that can be judged: {reason}", "make it with `terraform show -json`", _EXEC),
    "ENG516": Row("nothing to judge", "name at least one plan", _EXEC),
    "ENG517": Row(
        "exception{number} cannot be used: {reason}",
        "each needs rule, reason, owner, expires, and at least one of resource, value, environment",
    ),
    "ENG518": Row("exception {number} is about the same as another one of {rule}", "keep one of them"),
    "ENG519": Row("exception {number} names the rule `{rule}`, which no policy has", "correct the id, or take it out"),
    "ENG520": Row("unknown policy engine `{name}`", "name one of: {known}"),
    "ENG521": Row("policy engine `{program}` was not found", "install it, or set {setting} to its path", _EXEC),
    "ENG522": Row("{program} {version} is too old or not known", "{mend}", _EXEC),
    "ENG523": Row(
        "Checkov looked at no resource of {resource}", "check the plan; Checkov says so of a broken one", _EXEC
    ),
    "ENG524": Row("no check id in this file", 'give the class `id = "CKV2_…"` as plain text'),
    "ENG525": Row("{construct} is Rego of before 1.0", "{mend}"),
    "ENG526": Row("no plan has `{name}`, so nothing would be judged by it", "{mend}"),
    "ENG527": Row("no plan has `{name}`", "{mend}", _NO),
    "ENG528": Row("the guards cannot read this, though OPA can: {reason}", "{mend}"),
    "ENG529": Row("{file} cannot be converted: {reason}", "correct it by hand, then convert the rest", _EXEC),
    "ENG530": Row("{where} holds no policy tests", "write `test_…` rules in `*_test.rego` files"),
    "ENG531": Row("`{name}` in a test file would never be asked", "move it out of the `_test.rego` file, or rename it"),
    "ENG532": Row(
        "`not` in `not` in `not`, more than can be judged",
        "give the inner ones names: rules or functions of their own",
    ),
    "ENG533": Row(
        "`in` as a value: where `{what}` is missing, it is false for one engine and undefined for the other",
        "write it as a statement of its own, or as a rule: `found if {whole}`",
    ),
    "ENG534": Row(
        "{directory} is not a sandbox's: {reason}",
        "name a directory that is new, empty or a sandbox's own, by its real path; nothing was touched",
    ),
    "ENG535": Row(
        "no policies are named, and there is no directory `policies` here",
        "name their directory, or say `--shipped` for the policies that come with the engine",
    ),
    "ENG536": Row("this `# mutant:` comment {what}", "{mend}"),
    "ENG537": Row("`{name}` is excused, but {test} notices it", "take the comment out"),
    "ENG538": Row(
        "{directory} is held by the sandbox of process {holder}",
        "end that one, or name another directory; several run side by side",
        _STALE,
    ),
    "ENG539": Row(
        "port {port} of 127.0.0.1 cannot be used: {reason}",
        "name another with --port, or leave it out: a free one is taken",
        _EXEC,
    ),
    "ENG540": Row(
        "annotation cannot be read: {reason}", "below `# METADATA` write YAML as OPA has it, or take the comment out"
    ),
    "ENG541": Row("no policy has the rule `{name}`", "`engine policy explain` lists the rules"),
    "ENG542": Row(
        "exceptions have run out: {exceptions}",
        "take them out of `settings.exceptions`, or have their owners give them another day",
        _NO,
    ),
    "ENG543": Row(
        "the sandbox needs {names}, which {verb} not installed", "pip install 'interlock-engine[sandbox]'", _EXEC
    ),
    "ENG544": Row(
        "there is nothing to forget", "name the directory of a sandbox: `engine sandbox --state DIR --reset`"
    ),
    "ENG545": Row("{file} cannot be read: {reason}", "`engine sandbox --state DIR --reset` begins anew"),
    # ENG550-599 running a decision
    "ENG550": Row(
        "there is no key to sign the {purpose} with",
        "`engine keys new` makes one; name its file in {setting}",
        _AUTH,
    ),
    "ENG551": Row(
        "there is no key for the digests of plans",
        "put 32 random bytes, as text, into ENGINE_DIGEST_KEY or a file named by ENGINE_DIGEST_KEY_FILE",
        _AUTH,
    ),
    "ENG552": Row(
        "{ref} has moved on from {then:.12} to {now:.12}", "nothing to do: the newer event decides afresh", _STALE
    ),
    "ENG553": Row(
        "a {event} event about {subject} does not say what is to be merged into what",
        "run it where GitHub can be asked, hand over the event of the pull request, or decide it by `engine explain`",
    ),
    "ENG554": Row("input `{name}` of {uses} must be {expected}", "correct the pipeline's `with:`"),
    "ENG555": Row(
        "{uses} was stopped after {seconds} s, its `timeout`", "raise the timeout, or split the change", _EXEC
    ),
    "ENG556": Row("{name} is not known here: {reason}", "run it on the pull request, where it can be fetched", _EXEC),
    "ENG558": Row(
        "another run is keeping its results in {directory}", "give each run a directory of its own (--out)", _STALE
    ),
    "ENG559": Row(
        "the rules in {directory} belong to the repository that is judged, so a change could alter them",
        "name the controller's own checkout with --rules",
    ),
    "ENG560": Row(
        "{file} is not the plan that was made in this run", "run again, and keep others out of the directory", _EXEC
    ),
    "ENG561": Row(
        "{resource} was not judged by policy",
        "hand all of `outputs.plan.resources` to `policy.evaluate`, and all of its outputs to `verdict.sign`",
    ),
    "ENG562": Row(
        "{uses} is protected by the gate {gate}, which has not passed here",
        "a bug of the decision, or a decision that was altered: nothing was done",
        ExitCode.BUG,
    ),
    "ENG563": Row(
        "{what} cannot be told: {kind} at {where}",
        "it fails alone, and nothing passes by it; a bug, or an input beyond our limits: please report this line",
        _EXEC,
    ),
    "ENG564": Row(
        "{directory} was made by another release's sandbox", "use that one, or begin anew in another directory"
    ),
    "ENG565": Row(
        "{directory} is not emptied: no sandbox made its {name}",
        "move that out of it, or name another directory; nothing was removed",
    ),
    # ENG570-579 a run that goes on in another process or job
    "ENG570": Row(
        "there is no key for what one job hands to the next",
        "put 32 random bytes, as text, into ENGINE_HANDOVER_KEY or a file named by ENGINE_HANDOVER_KEY_FILE, in every "
        "job of the run",
        _AUTH,
    ),
    "ENG571": Row(
        "the run {run} was begun by {owner}, and has not ended",
        "if nobody is at work on it any more, `--resume` goes on with it; another delivery decides afresh",
        _STALE,
    ),
    "ENG572": Row(
        "the run {run} was taken over by {owner}",
        "nothing to do: they go on with it, and nothing more happens here",
        _STALE,
    ),
    "ENG573": Row(
        "the journal of the run {run} cannot be believed: {reason}",
        "nobody goes on with this run; find out who could write to the store, and decide afresh (another --run)",
        _EXEC,
    ),
    "ENG574": Row(
        "line {number} of the journal of the run {run} has the form {version}, which a newer engine has written",
        "go on with it by that release",
    ),
    "ENG575": Row(
        "the run {run} would be decided otherwise by now: {reason}",
        "nothing to do: it has ended, and a newer event decides afresh",
        _STALE,
    ),
    "ENG576": Row(
        "the hand-over is refused: {reason}",
        "hand over the file of this very run, as the job before has written it; else begin again without --resume",
        _AUTH,
    ),
    "ENG577": Row(
        "--until: no pipeline that this run could come to has an action `{action}`", "name the id of an action"
    ),
    "ENG578": Row(
        "there is nothing to go on with: no journal of the run {run}",
        "compare --run with what was begun; without --resume it begins",
    ),
    "ENG579": Row(
        "{option} needs {needed}",
        "give it, or leave the option out",
    ),
    # ENG590-592 a store in S3
    "ENG590": Row(
        "the store {store} lets us in no further: {reason}",
        "give ENGINE_STORE_PROFILE, or the process, keys that are valid now and may s3:GetObject, s3:PutObject, "
        "s3:DeleteObject and s3:ListBucket there",
        _AUTH,
    ),
    "ENG591": Row(
        "the store {store} is not where we look for it: {reason}",
        "make the bucket, or correct ENGINE_STORE or ENGINE_STORE_REGION",
    ),
    "ENG592": Row(
        "the store {store} does not answer {what}: {reason}",
        "run it again, it goes on with what was kept; if it stays so, see AWS_ENDPOINT_URL and the service's health",
        _EXEC,
    ),
    # ENG593-599 GitHub
    "ENG593": Row(
        "GitHub does not know us: {reason}",
        "set ENGINE_GITHUB_APP_ID and ENGINE_GITHUB_APP_KEY_FILE for an App that is installed there, or GITHUB_TOKEN",
        _AUTH,
    ),
    "ENG594": Row(
        "GitHub lets us not see or do {what}: {reason}",
        "see whether it is there, and give the App, or the token, what it needs for it: `not found` may mean no right",
        _AUTH,
    ),
    "ENG595": Row(
        "GitHub answers {what} in {seconds} s only: a limit is reached",
        "run it again then; an App of one's own has higher limits than GITHUB_TOKEN",
        _EXEC,
    ),
    "ENG596": Row(
        "GitHub does not answer {what}: {reason}",
        "run it again; if it stays so, see https://www.githubstatus.com and GITHUB_API_URL",
        _EXEC,
    ),
    "ENG597": Row(
        "GitHub's answer to {what} is nothing to decide by: {reason}",
        "run it again; if it stays so, split the change, or report it with the version of your GitHub",
        _EXEC,
    ),
    "ENG598": Row(
        "nobody knows whether GitHub did {what}: {reason}",
        "run it again: it looks first, and does nothing twice",
        _EXEC,
    ),
    "ENG599": Row("GitHub refuses {what}: {reason}", "do what it says, then run it again", _NO),
    # ENG600-601 the mirror of a source, ENG602 what we may do on GitHub
    "ENG600": Row(
        "{repo} cannot be fetched: {said}",
        "see whether it still has that name, and give the App, or the token, `contents: read` there; run it again",
        _EXEC,
    ),
    "ENG601": Row(
        "{repo} is being fetched by another run, for more than {seconds:.0f} s",
        "run it again; if it stays so, end the process that has {lock} open",
        _EXEC,
    ),
    "ENG602": Row(
        "{who} may not do there what the rules' pipelines do: it lacks {missing}",
        "give the App these permissions in its settings, and have whoever owns the account accept them",
        _AUTH,
    ),
    "ENG969": Row("{reason}", "{hint}", _NO),
    # ENG970-979 registering a GitHub App
    "ENG970": Row("{what} `{value}` cannot be: {wanted}", "write it so"),
    "ENG971": Row(
        "GitHub does not know this code: it is no longer good, or was exchanged before",
        "begin again with `engine app register`; delete an App that was made meanwhile and whose key nobody has",
        _NO,
    ),
    "ENG972": Row(
        "GitHub did not hand over the App: {reason}",
        "delete the App in its settings, if it was made, as nobody has its key; begin again",
        _EXEC,
    ),
    "ENG973": Row(
        "no App was registered: {why}",
        "begin again with `engine app register`, and follow the address that it prints; nothing was written",
        _NO,
    ),
    "ENG974": Row("{directory} is in a git repository ({top})", "keep private keys elsewhere: --out DIR"),
    # ENG610-619 runs of GitHub's events
    "ENG610": Row(
        "who made the commits of #{number} cannot be told: git has {git}, GitHub has {github}, or others",
        "push again; if that does not help, open a new pull request from the same branch",
        _EXEC,
    ),
    "ENG611": Row(
        "there is no branch {branch} in {repo}, or it has nothing in common with the change",
        "restore the branch, or change the base of the pull request",
        _NO,
    ),
    "ENG612": Row(
        "GitHub does not list the push of {sha} to {ref} yet, so who pushed it cannot be told",
        "wait: it is decided again with the next event or sweep; else push again",
        _EXEC,
    ),
    "ENG613": Row(
        "whether somebody may ask for a resource to be destroyed cannot be told: {reason}",
        "make it possible to look up the groups, then run it again",
        _EXEC,
    ),
    "ENG614": Row(
        "nothing is signed, since who had a hand in the change cannot be told: {reason}",
        "run it again; a verdict without it would leave in doubt for ever who may approve",
        _EXEC,
    ),
    # ENG580-589 commands in comments
    "ENG580": Row("no command is called `{name}`", "name one of: {known}"),
    "ENG581": Row("nobody may say `/engine {name}`", "say in `commands:` who may, or name a command that stands there"),
    # ENG620-629 what is done on GitHub
    "ENG620": Row(
        "{what} is another run's: {who} has it since {since}",
        "let it end; if it was killed, go on with it: engine run --resume",
        _STALE,
    ),
    "ENG621": Row(
        "{what} was taken over by another run, so nothing is done here any more",
        "nothing has to be done: the other run goes on",
        _STALE,
    ),
    "ENG622": Row(
        "GitHub does not merge it now: {reason}", "see to that; the next event of the pull request tries again", _WAIT
    ),
    "ENG623": Row(
        "{commit} is not what was judged: {reason}",
        "comment `/engine validate` on the pull request; nothing of it is applied before",
        _NO,
    ),
    "ENG624": Row(
        "it may not be merged any more, as facts of now say: {because}",
        "the report says what is missing; the next event of the pull request tries again",
        _WAIT,
    ),
    "ENG625": Row(
        "GitHub does not move it to {base}: {reason}",
        "close one of the two pull requests, or move it there by hand",
        _NO,
    ),
    "ENG626": Row(
        "{subject} was merged by {who}, and not by this run",
        "nothing has to be done: it is judged as a merge of theirs",
        _STALE,
    ),
    "ENG627": Row(
        "the base of {subject} moves faster than it can be merged",
        "nothing has to be done: the next event of the pull request tries again",
        _WAIT,
    ),
    # ENG640-649 stories in the sandbox
    "ENG640": Row("this is not how the story goes: expected {told}, found {found}", "its jobs and pages say more", _NO),
    "ENG810": Row(
        "`engine serve` does not come up: {reason}", "`engine sandbox --actions` does without it", ExitCode.EXECUTOR
    ),
    "ENG641": Row("there is no scenario `{name}`", "name one of: {known}; `engine sandbox --scenario list` tells them"),
    # ENG740-749 what is merged, on its way to being applied
    "ENG740": Row(
        "the merge decision of {subject} is about {decided}, and GitHub says that it became {commit}",
        "one of the two is not true: compare them, and have the change applied by a new pull request",
        _NO,
    ),
    "ENG741": Row(
        "the merge decision of {subject} leans on statement {number}, which is not in the store as it was",
        "put it back, from a copy of the store",
        _NO,
    ),
    "ENG742": Row(
        "{what} is at work in another run: {who} has it since {since}",
        "nothing has to be done: sweep tries again; if that run was killed, go on with it: engine run --resume",
        _WAIT,
    ),
    "ENG743": Row(
        "it may not be applied any more, as facts of now say: {because}",
        "the report says what is missing; the next event of the pull request, or the next sweep, tries again",
        _WAIT,
    ),
    # ENG750-759 how commands are called, and the keys that they keep
    "ENG750": Row("{command}: {reason}", "`{command} --help` lists what can be said"),
    "ENG751": Row(
        "there is no file of trusted keys {file}",
        "take it from the controller repository; or begin one: `engine keys new --out FILE | engine keys add - --keys "
        "{file}`, with FILE outside of any repository",
    ),
    "ENG752": Row("{file} trusts the key `{name}` already", "give the other one another name, or revoke this one"),
    "ENG753": Row("{file} trusts no key `{name}`", "known: {known}"),
    "ENG754": Row(
        "{file} is written in a way in which this change would change something else, too",
        "write each key over lines of its own (`- id: …`), or change it by hand",
    ),
    "ENG755": Row(
        "{file} is no public key to trust: {reason}",
        "hand over what `engine keys new` has printed; the private half is nobody else's",
    ),
    "ENG756": Row(
        "a private key is not written to {file}, inside the repository {directory}",
        "name a file outside of any repository: --out ~/.config/interlock/signing-key.pem",
        _AUTH,
    ),
    "ENG757": Row("the key `{name}` is revoked, since {moment}", "nothing: it stays so", _NO),
    # ENG744-749, ENG780-784 webhooks and the inbox of `engine serve`
    "ENG744": Row(
        "the delivery is not signed by a secret of ours: {reason}",
        "the webhook's secret and ENGINE_WEBHOOK_SECRET have to be the same; redeliver it when they are",
        _AUTH,
    ),
    "ENG745": Row(
        "the request is no delivery of GitHub's: {reason}",
        "have the webhook send `application/json`, and let no proxy change what it sends",
    ),
    "ENG746": Row(
        "the delivery is not taken: {reason}", "GitHub sends no more than 25 MB, within ten seconds; look at the proxy"
    ),
    "ENG747": Row(
        "a delivery of this id has come with another body",
        "nothing has to be done: what came first is what counts; GitHub sends one id with one body",
        _NO,
    ),
    "ENG748": Row(
        "the delivery is not of a source of ours: {reason}",
        "if it should be, name the repository under `sources` of the rules, with `id` and `installation` where they "
        "have changed",
        _AUTH,
    ),
    "ENG749": Row(
        "the delivery could not be kept: {reason}",
        "free space, or look at the disk of ENGINE_STATE_DIR; what GitHub could not deliver is asked for again",
        _EXEC,
    ),
    "ENG780": Row(
        "nothing says by which secret webhooks are signed",
        "set ENGINE_WEBHOOK_SECRET_FILE to a file of mode 0600 (openssl rand -hex 32), and give the App's webhook the "
        "same secret",
    ),
    "ENG781": Row(
        "{file} is no inbox of this engine: {reason}",
        "use the engine that made it, or move the file away: GitHub is asked for what is missing",
    ),
    "ENG782": Row(
        "{directory} does not keep what `engine serve` puts there to itself: {reason}",
        "name a directory of your own, mode 0700, below directories that nobody else can write to",
        _AUTH,
    ),
    "ENG784": Row("delivery {id} cannot be had again: {reason}", "`GET /api/v1/deliveries` lists those that can"),
    # ENG825-834 in which order resources go
    "ENG825": Row(
        "it comes after {other}, which is not applied",
        "bring that one on: it is tried by itself as soon as that is applied",
        _WAIT,
    ),
    "ENG826": Row(
        "it was not begun, since {other} had failed and nothing was to go on after the first failure",
        "mend that one; or run it without `fail_fast`",
        _WAIT,
    ),
    # ENG710-719 ledger and backups
    "ENG710": Row(
        "it is no entry of our ledger: {reason}",
        "see schemas/ledger.schema.json; a key that signs what is not so has to be revoked",
        _NO,
    ),
    "ENG711": Row(
        "of the {series} number {number} is missing in the store, and there are later ones",
        "put it back, from a copy of the store or a version that its bucket keeps; until then nothing is applied there",
        _NO,
    ),
    "ENG712": Row(
        "the ledger has {number} entries of {key}, and more are not kept",
        "see what tries to apply it again and again: engine ledger --resource {key}",
        _NO,
    ),
    "ENG713": Row(
        "{tries} times somebody else has written about {key} first",
        "see which other runs apply it: one alone may; then run it again",
        _STALE,
    ),
    "ENG714": Row(
        "the last entry of the ledger about {key} was signed at {then}, and here it is {now} only",
        "set the clocks right, and run it again",
        _EXEC,
    ),
    "ENG715": Row(
        "which state of {key} is ours says entry {number} of the ledger, and its key {signer} was revoked",
        "compare the state with a backup; if it is the right one, two people adopt it",
        _NO,
    ),
    "ENG716": Row("there is no backup {number} of {key}", "list them: engine state backups {key}"),
    "ENG717": Row(
        "the backup {key} cannot be opened: {reason}",
        "name the key it was sealed with in ENGINE_BACKUP_OLD_KEYS_FILE; or put it back, from a copy of the store",
        _NO,
    ),
    "ENG718": Row(
        "the backup {key} is not what was put there, so nothing is applied",
        "see who else writes to the store there, and run it again",
        _EXEC,
    ),
    "ENG719": Row(
        "backups cannot be sealed: {reason}",
        "make a key with `engine keys backup --out FILE`, and name it in ENGINE_BACKUP_KEY_FILE",
        _AUTH,
    ),
    # ENG720-729 the trail
    "ENG720": Row(
        "the trail cannot be written, so nothing is done that has to be said there first",
        "see the reason beside this, and run again: what was not begun is begun then",
        _EXEC,
    ),
    "ENG721": Row(
        "the trail is not whole at {key}: {reason}",
        "see `engine audit verify`; put back what was there, from a copy of the store",
        _NO,
    ),
    "ENG722": Row(
        "for {seconds} s others were always quicker to write into the trail",
        "run it again when there are fewer runs at once",
        _STALE,
    ),
    # ENG730-739 applying
    "ENG730": Row(
        "{resource} would not be applied as it was approved: {said}",
        "look at the difference; comment `/engine replan` on the pull request to have it judged and approved anew",
        _NO,
    ),
    "ENG731": Row(
        "the state of {resource} is not the one that was left by the last apply: {reason}",
        "find out who wrote it; two people take it in with `/engine adopt {key}`, or bring the old one back with"
        " `/engine restore {key} VERSION`",
        _NO,
    ),
    "ENG732": Row(
        "the policies of today deny {resource}: {rules}",
        "mend the configuration, or comment `/engine replan` on the pull request and have it judged anew",
        _NO,
    ),
    "ENG733": Row(
        "{commit} may not be applied to {resource}: {reason}",
        "apply what the branch has now: comment `/engine apply` on the pull request that was merged last",
        _NO,
    ),
    "ENG734": Row(
        "nobody knows what became of an apply of {resource}: {reason}",
        "it is looked at again by the next sweep, or comment `/engine apply`; nothing is repeated blindly",
        _STALE,
    ),
    "ENG735": Row(
        "what was approved of {resource} cannot be compared: {reason}",
        "comment `/engine replan` on the pull request to have it judged and approved anew",
        _NO,
    ),
    "ENG736": Row("a state cannot be read: {reason}", "restore it from a backup: `/engine restore KEY VERSION`", _NO),
    "ENG723": Row(
        "no decision of the run `{run}` is kept in the store",
        "see `engine audit show`: it names the runs, and their store is the one that ENGINE_STORE has to name",
    ),
    "ENG724": Row("`{value}` is no moment", "write 2026-11-23, 2026-11-23T21:00:00Z, 7d or 12h"),
    "ENG725": Row("the trail says nothing of {subject}", "see `engine audit show`: it names what there is"),
    "ENG726": Row("the trail knows pull request {pr} of several repositories: {known}", "say --repo OWNER/NAME"),
    "ENG727": Row("{file} is no pack: {reason}", "use one that `engine audit pack` has written, unchanged", _NO),
    "ENG728": Row(
        "the store has {known} statements about {subject}, and our own check on GitHub speaks of number {number}",
        "put the store back as it was last; or push another commit, and what is validated then stands alone",
        _NO,
    ),
    # ENG760-769 who can
    "ENG760": Row("the rules know no environment `{name}`", "known: {known}"),
    "ENG761": Row("`{login}` is in no group of the rules", "known: {known}"),
    "ENG762": Row(
        "Terraform's AWS provider has no resource type `{name}`",
        "write the type as the plan names it, `aws_iam_role`; one --touches for each",
    ),
    "ENG763": Row("`{name}` is no case of a fixture: {reason}", "write FILE:LINE, as `engine test` does, or FILE:#2"),
    "ENG764": Row("{option} beside --case: a case has its own event, facts and pipeline", "leave one of them out"),
    "ENG765": Row("the module has no service `{name}`", "known: {known}"),
    "ENG766": Row("a schema is of one service", "name one of: {known}"),
    # ENG770-779 what two people may do to a state
    "ENG767": Row(
        "nobody has named a module, and to try one is to start its providers",
        "say --rules DIR for the one beside the rules, or --shipped for the one that comes with the engine",
    ),
    "ENG770": Row("nobody asks for `{command}` here", "two people write it, each in a new comment of their own"),
    "ENG771": Row(
        "two people do not ask for `{command}` as it stands now: {because}",
        "each of the two writes a new comment; one that was carried out, edited or deleted counts no more",
        _NO,
    ),
    "ENG772": Row(
        "it is not for {subject} to speak of {key}: {reason}",
        "write it on the merged pull request that changes that resource",
        _NO,
    ),
    "ENG773": Row("nothing of {key} is there to be given up: {reason}", "nobody waits for it", _NO),
    "ENG774": Row(
        "backup {number} of {key} is of another lineage: {found}, and not {wanted}",
        "it is of another life of that resource; choose one of the right lineage: engine state backups {key}",
        _NO,
    ),
    "ENG775": Row("there is nothing to adopt of {key}: {reason}", "nothing has to be done", _NO),
    "ENG776": Row(
        "the state of {key} is not what the branch says, so it cannot be adopted: {reason}",
        "have the configuration say what is there, or bring a state back: `/engine restore KEY VERSION`",
        _NO,
    ),
    "ENG777": Row(
        "the state of {key} has become another meanwhile: {reason}",
        "somebody else writes it: find out who, then two people ask for it anew",
        _STALE,
    ),
    "ENG778": Row("`{url}` is no comment that can ask for this: {reason}", "copy the address of the last of the two"),
    "ENG779": Row("`{command}` is not for one alone: {reason}", "{hint}"),
    # ENG873-879 what is kept of states
    "ENG873": Row(
        "backup {number} of {key} was dropped on {time}",
        "choose another: engine state backups {key}; the bucket may have an older version of {number}",
        _NO,
    ),
    "ENG874": Row("there is no state of {key}", "apply it first; one that was deleted is restored from a backup", _NO),
    "ENG842": Row("lock {lock} of the state of {key} is not taken away: {reason}", "{hint}", _NO),
    "ENG875": Row(
        "nobody can look at the state of {key}: no branch in {repo} has such a resource",
        "name a clone of the source that has it with --repo DIR",
    ),
    "ENG876": Row("no backup is dropped: {reason}", "{hint}", _NO),
    "ENG878": Row(
        "the scratch copy of the state of {key} may be there still: {reason}",
        "rehearse once more, which deletes it first; or `terraform workspace delete -force {workspace}` with that key",
        _EXEC,
    ),
    "ENG879": Row("{file} exists, and is not written over", "choose another file"),
    # ENG785-794 `engine serve`: its worker
    "ENG785": Row(
        "the run was ended before it had come to its end: {reason}",
        "`engine run --resume --run RUN` lets it go on",
        _STALE,
    ),
    "ENG786": Row("the engine ends, and the run waits for the next one", "start `engine serve` again", _STALE),
    "ENG787": Row(
        "{directory} is in use by another `engine serve`",
        "end that one, or name another directory: --state DIR",
        _STALE,
    ),
    "ENG788": Row(
        "the state of `engine serve` in {file} cannot be used: {reason}",
        "free some space, see that the directory is ours; docs/serve.md says what can be taken away",
        _EXEC,
    ),
    "ENG789": Row("{head} is the head by now: what this run would find, nobody asks any more", "", _STALE),
    "ENG790": Row("there is no run `{run}`", "`engine runs` lists them"),
    "ENG791": Row("nothing can be asked of the run `{run}`: {reason}", "`engine runs {run}` shows it", _STALE),
    "ENG792": Row("the worker of `engine serve` ends at once, {times} times by now", "its log says why: {log}", _EXEC),
    "ENG860": Row(
        "the machine has ended a turn of a run: {reason}",
        "nothing, if it passes: it is tried again; else see to its disk, its memory and how many files may be open",
        _EXEC,
    ),
    # ENG795-799 what is shown
    "ENG795": Row("pull request {number} cannot be told: {reason}", "say which repository it is of: --repo OWNER/NAME"),
    # ENG800-809 who may look at `engine serve`, and tell it something
    "ENG800": Row(
        "{file}, line {line}, says nothing of a token: {reason}", "`engine keys token NAME` prints a line that does"
    ),
    "ENG801": Row(
        "no token can be named `{name}`", "use lower-case letters, digits, `.`, `_` and `-`, at most 64 of them"
    ),
    "ENG802": Row("`engine serve` cannot be reached so: {option}: {reason}", "docs/serve.md shows what goes together"),
    "ENG803": Row("what was sent cannot be done: {field}: {reason}", "`GET /api/v1/openapi.json` says what it takes"),
    "ENG867": Row("there is no state `{state}`", "ask for one of {known}"),
    "ENG793": Row(
        "`engine serve` needs more than the engine: {names} {verb} missing",
        "pip install 'interlock-engine[serve]'",
        _EXEC,
    ),
    "ENG794": Row(
        "there is no state of `engine serve` in {directory}", "name its directory: --state DIR, or ENGINE_STATE_DIR"
    ),
    # ENG835-854 the way back
    "ENG835": Row("{key} cannot be taken back: {reason}", "{hint}", _NO),
    "ENG836": Row("nothing is taken back: {reason}", "{hint}", _NO),
    "ENG837": Row(
        "there is a branch {branch} in {repo} that is not what we would make of it",
        "look who made it, delete it, and ask again",
        _NO,
    ),
    "ENG838": Row(
        "{resource} is applied, and a second plan of it is not empty: {reason}",
        "something does not come back as it is written: look at the plan of `/engine replan`",
        _NO,
    ),
    "ENG839": Row(
        "{resource} is not taken back by itself: {reason}",
        "look at what was applied; `/engine rollback` shows the way back, or write what it is to be in a pull request",
        _NO,
    ),
    "ENG840": Row(
        "{address} would be deleted, and the bucket {bucket} still holds something",
        "empty it first, its older versions too: AWS would refuse to delete it when its policy and its guards are gone",
        _NO,
    ),
    "ENG841": Row(
        "whether the bucket {bucket}, which would be deleted, holds anything cannot be told: {reason}",
        "let the profile that plans list its versions (s3:ListBucketVersions), and ask again",
        ExitCode.EXECUTOR,
    ),
    # ENG890-919 rules that load, and conditions that are not what was meant
    "ENG890": Row("{subject} is never `{value}`, which is no {what}", "known: {known}", _NO),
    "ENG891": Row("`{value}` is not {what}", "{wanted}", _NO),
    "ENG892": Row(
        "`{value}` is no resource type of AWS's provider: {subject} is never there",
        "types look like aws_kms_key, globs like aws_kms_*",
        _NO,
    ),
    "ENG893": Row("`{glob}`: {reason}", "{way}", _NO),
    "ENG894": Row("`{branch}` is not the name of a branch", "{way}", _NO),
    "ENG895": Row(
        "environment `{name}` has capital letters: a tfvars that says `{small}` is refused", "write `{small}`", _NO
    ),
    "ENG896": Row("`{text}` is never true", "correct the condition, or remove what it guards", _NO),
    "ENG897": Row("`{text}` is always true", "correct the condition, or leave it out", _NO),
    "ENG898": Row("nothing to ignore: no `{name}` is warned of here", "remove the comment, or correct the code", _NO),
    "ENG899": Row(
        "`{name}` is ignored, and nobody says why", "say it behind the code: `# engine: ignore {name} because …`", _NO
    ),
    "ENG901": Row(
        "the rules say {got} of `{name}` ({what})", "mend the rules ({at}), or say here what is meant now", _NO
    ),
    "ENG902": Row("the rules settle nothing of `{name}` under `{what}`", "known there: {known}"),
    "ENG903": Row("{path}: the rules know no {what} `{name}`", "known: {known}"),
    "ENG904": Row("the module refuses a value: {said}", "correct the value: nothing was planned", _NO),
    "ENG905": Row(
        "no module stands beside the rules: there is no {directory}/terraform",
        "name the controller's checkout with --rules, or say --shipped where the command takes it",
    ),
    "ENG906": Row("no group is called `{name}`", "known: {known}", _NO),
    "ENG907": Row("`{text}` is shown as it stands", "write `${{{path}}}`", _NO),
    "ENG975": Row("no {what} {how} `{value}`: this is never true", "known: {known}", _NO),
    "ENG976": Row("`{text}` stands on both sides of `{sign}`", "remove one of the two, or write what was meant", _NO),
    "ENG977": Row("{subject} is never `{value}`: GitHub sends nothing of the kind", "known: {known}", _NO),
    # ENG930-949 repositories that are set up
    "ENG920": Row(
        "{subject} is {found}: `|` hands it on, and what follows does not look at it",
        "write `||` for or, `&&` for and",
    ),
    "ENG921": Row("unknown permission `{name}`", "known: {known}"),
    "ENG922": Row("`outputs.{name}` is asked for, and the action is called `{own}`", "call it `{name}`"),
    "ENG923": Row("nobody asks for `{name}`, and {count} times for `{asked}`, which there is not", "call it `{asked}`"),
    "ENG930": Row("nobody is there to be asked for {missing}", "say {flags}, or name a file with --from"),
    "ENG931": Row(
        "{directory} is not empty: {found}", "name a new directory, an empty one, or one that holds nothing but `.git`"
    ),
    "ENG932": Row("{what} cannot be: {reason}", "name another one"),
    "ENG933": Row(
        "{file} is not believed: {reason}", "take it back as it was committed: `git checkout -- {file}`; else remove it"
    ),
    "ENG934": Row("nothing is read or written at {path}: {reason}", "put a file of your own there, or remove it"),
    "ENG935": Row(
        "private keys would lie in a repository: {directory}", "name a directory outside every repository with --keys"
    ),
    "ENG936": Row(
        "what would be there does not hold, and nothing is written: `{command}` ends with {exit}",
        "mend what it says; your changes and what is newer may not fit together",
        _NO,
    ),
    "ENG937": Row("nothing was set up in {directory}: there is no {file}", "leave --update out, to set it up"),
    "ENG938": Row("what is there is a {kind}, and no {other}", "say `engine init {kind}`, or name another directory"),
    "ENG939": Row("another `engine init` is at work in {directory}", "wait until it has ended", _STALE),
    # ENG940-949, 952-959 roles in AWS, by a job's identity
    "ENG940": Row(
        "{role} is of another account than {name}, which is in {account}",
        "name a role of {account} in `environments.{name}.roles`; `engine aws trust` prints what makes them",
    ),
    "ENG941": Row("{role} is taken twice: {one}, and {other}", "give each environment, and each of the two, its own"),
    "ENG942": Row("{name} has `roles`, and {why}", "leave one of the two out; only what has an account has roles"),
    "ENG943": Row(
        "the role {role} of {environment} is the store's, which Terraform never gets",
        "name another one in `environments.{environment}.roles`, or in ENGINE_STORE_ROLE",
    ),
    "ENG944": Row(
        "nobody here can take {role}: this is no job with an identity",
        "give the job `permissions: {{id-token: write}}`; outside of a job name a profile in ENGINE_AWS_PROFILE, and "
        "for the store in ENGINE_STORE_PROFILE",
        _AUTH,
    ),
    "ENG945": Row(
        "GitHub gives this job no token for {role}: {reason}",
        "give the job `permissions: {{id-token: write}}`, and run it again; if it stays so, see GitHub's status",
        _AUTH,
    ),
    "ENG946": Row(
        "AWS gives no keys for {role}: {reason}",
        "run it again; if it stays so, see AWS's status, and what stands between: a proxy, AWS_ENDPOINT_URL",
        _EXEC,
    ),
    "ENG947": Row(
        "AWS refuses {role} to this job ({reason}): it came as {sub}, for {aud}",
        "let the role trust exactly that subject and audience: compare it with `engine aws trust`, in this account, "
        "and with the environment of the job",
        _AUTH,
    ),
    "ENG948": Row(
        "the job's token had expired when AWS looked at it for {role}",
        "set this machine's clock (`engine doctor` says how far it is off), and run it again",
        _AUTH,
    ),
    "ENG949": Row(
        "the sessions of {role} are shorter than {seconds} s",
        "raise the role's maximum session (`engine aws trust` has it), or lower `roles: {{session: …}}`",
        _AUTH,
    ),
    "ENG950": Row("--only: there is no action `{action}`", "docs/reference/actions.md lists them"),
    "ENG951": Row(
        "{name} is set, and so is ENGINE_GITHUB_APP_KEY",
        "give a job that only reads the key of the reader, and no other",
    ),
    "ENG952": Row("AWS has no session of {session}", "say 15m to 12h"),
    "ENG953": Row(
        "GitHub would take the environment {name} for another one: {other}",
        "call it otherwise: GitHub knows no case there, and `interlock-…` and `otherwise` are those of our own jobs",
    ),
    "ENG954": Row("nothing has to be in account {account}", "name one with --account: {known}"),
    "ENG955": Row("{option} is not valid: {reason}", "say {wanted}"),
    "ENG956": Row(
        "{role} lies where applies may change roles, below {path}",
        "give it another path: whoever may change its own role may do everything",
    ),
    "ENG957": Row(
        "account {account} does not let us look ({what}: {reason})",
        "look as somebody who may read IAM and S3 there, and write to its buckets: name their profile in "
        "ENGINE_AWS_PROFILE",
        _AUTH,
    ),
    "ENG958": Row(
        "account {account} does not answer {what}: {reason}",
        "see that ENGINE_AWS_PROFILE, or the process, has keys that are valid now; then run it again",
        _EXEC,
    ),
    # ENG980-984 rules that load, and pipelines that are not what was meant
    "ENG980": Row(
        "{event} is about {about}: gate `{gate}` of `{run}` reads `{fact}`, which it does not have, and is an error",
        "start it by an event that is about {wanted}",
        _NO,
    ),
    "ENG981": Row("the row of line {line} starts `{run}` whenever this one does", "remove one of the two", _NO),
    "ENG982": Row("`{name}` {reason}", "{way}", _NO),
    "ENG983": Row(
        "`{glob}` fits files at the top of the repository only, where no resource is", "write `{deeper}`", _NO
    ),
    "ENG984": Row("no region of AWS's is called `{name}`", "name one such as us-east-1 or eu-central-1", _NO),
    # ENG985-989 people who cannot do what rules ask of them
    "ENG985": Row(
        "these parts ask for {need} people together, and only {have} can be had: one person counts once",
        "ask for fewer, add people to the groups, or write `any` if one of the parts is enough",
        _NO,
    ),
    "ENG986": Row("{need} people have to say `{name}`, and its groups have {have}", "add people, or a group", _NO),
    "ENG987": Row(
        "override `{name}` never holds: somebody else has to open `{gate}`, and that takes {people}",
        "let others override, or name a gate that asks others",
        _NO,
    ),
    "ENG988": Row(
        "`{name}` is a group, and stands in `{group}` as a login: groups hold no groups",
        "write its members",
        _NO,
    ),
    "ENG989": Row(
        "override `{name}` holds for {span}: that is no exception any more",
        "let it expire within 90 days; what is to hold for longer is a rule, and belongs into the gate",
        _NO,
    ),
    "ENG990": Row(
        "`{name}` has the number of `{other}`: they are one account", "give each of them a number of its own"
    ),
    "ENG991": Row("this is no file of cases: it has `{name}`", "name files of cases, such as tests/specs"),
    "ENG999": Row("a bug in the engine: {reason}", "please report it with the traceback above", ExitCode.BUG),
}


class Place(NamedTuple):
    """Where something is, `line` and `column` counted from 1 (0: unknown); `excerpt` is that line of the source."""

    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    excerpt: str = ""

    def __str__(self) -> str:
        return ":".join([in_line(self.file), *(str(n) for n in (self.line, self.column) if n)])


_LONGEST_LINE = 200  # characters of a line of source in an exception


class Problem(NamedTuple):
    """One failure, ready to be shown."""

    code: str
    message: str
    hint: str
    place: Place | None = None

    def to_json(self) -> dict[str, Any]:
        """For machines: `$defs/problem` of `schemas/report.schema.json`. The line's own text stays behind."""
        file, line, column = self.place[:3] if self.place else Place("")[:3]
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "file": file,
            "line": line,
            "column": column,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Problem":
        """The problem again."""
        place = Place(value["file"], value["line"], value["column"]) if value["file"] else None
        return cls(value["code"], value["message"], value["hint"], place)

    def text(self) -> str:
        """`file:line:column: CODE message`, the line, the way out: for exceptions; `report.problems` is for people."""
        lines = [f"{self.place}: {self.code} {self.message}" if self.place else f"{self.code} {self.message}"]
        if self.place and self.place.excerpt:
            lines.append(f"  {self.place.line} | {in_line(self.place.excerpt[:_LONGEST_LINE])}")
        if self.hint:
            lines.append(f"  Fix: {self.hint}")
        return harmless("\n".join(lines))


def problem(code: str, place: Place | None = None, *, hint: str = "", **fields: object) -> Problem:
    """Fill the row of `code`; a `hint` (say, from `closest`) replaces the row's remedy.

    Raises:
        KeyError: unknown code or a missing field: a bug in the caller.
    """
    row = TABLE[code]
    remedy = row.remedy if fields.get("known") != "none" else _without_names(row.remedy)
    return Problem(code, row.title.format(**fields), hint or remedy.format(**fields), place)


def _without_names(remedy: str) -> str:
    """Whoever is told to name one of none is led nowhere: what else can be done."""
    for joint in (", or ", "; "):
        before, _, last = remedy.rpartition(joint)
        if before and "{known}" in last and "{known}" not in before:
            return before
    return "there is none: add one, or leave this out" if "{known}" in remedy else remedy


class EngineError(Exception):
    """One or more problems that end what was being done; only `cli.main` turns it into text."""

    def __init__(self, *problems: Problem) -> None:
        assert problems
        super().__init__("\n".join(p.text() for p in problems))
        self.problems: tuple[Problem, ...] = problems

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the first problem."""
        return TABLE[self.problems[0].code].exit


def failure(code: str, place: Place | None = None, *, hint: str = "", **fields: object) -> EngineError:
    """`raise failure("ENG001", file=…, reason=…)`: an error with one problem."""
    return EngineError(problem(code, place, hint=hint, **fields))


MOST_PROBLEMS = 1_000  # of one input: whoever sent more will not read more


class Errors:
    """Collects the problems of one input, so that all are reported in one go: the first ones, and how many more."""

    def __init__(self) -> None:
        self.added = 0  # grows with each problem, kept or not, said before or not
        self._more = 0
        self._kept: dict[Problem, None] = {}

    def add(self, code: str, place: Place | None = None, *, hint: str = "", **fields: object) -> None:
        """Record one problem."""
        self.extend([problem(code, place, hint=hint, **fields)])

    def extend(self, problems: Iterable[Problem]) -> None:
        """Record several. What is said twice is one problem."""
        for one in problems:
            self.added += 1
            if one.code == "ENG038":  # of an input inside this one: its count goes into ours
                self._more += int(one.message.partition(" ")[0].replace(",", ""))
            elif len(self._kept) < MOST_PROBLEMS:
                self._kept[one] = None
            elif one not in self._kept:
                self._more += 1

    def watch(self) -> "Watch":
        """Is anything wrong with what is looked at from here on?"""
        return Watch(self)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was kept, in order of place, and at the end how much was not."""
        kept = sorted(self._kept, key=lambda p: (*p.place[:3], p.code) if p.place else ("", 0, 0, p.code))
        if not self._more:
            return tuple(kept)
        last = kept[-1].place
        return (*kept, problem("ENG038", Place(last.file) if last else None, number=f"{self._more:,}"))

    def check(self) -> None:
        """Raise what was collected, if anything, in order of place."""
        if self.added:
            raise EngineError(*self.problems)


class Watch:
    """True once a problem was added that was not there when it began, whether it was said before or not."""

    __slots__ = ("_began", "_errors")

    def __init__(self, errors: Errors) -> None:
        self._errors, self._began = errors, errors.added

    def __bool__(self) -> bool:
        return self._errors.added > self._began
