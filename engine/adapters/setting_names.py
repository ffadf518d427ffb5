"""The settings that there are: `SETTINGS` is the source of docs/reference/settings.md."""

from typing import NamedTuple


class Setting(NamedTuple):
    """One environment variable."""

    name: str
    doc: str
    default: str = ""


SETTINGS = (
    Setting(
        "ENGINE_TERRAFORM", "The Terraform-compatible program: a name on PATH or a path (`tofu` works).", "terraform"
    ),
    Setting("ENGINE_TERRAFORM_MIRROR", "Directory that holds `registry.terraform.io/…`; looked for when not set."),
    Setting(
        "ENGINE_TOFU_LOCK",
        "Provider lock file for OpenTofu, which has another registry than the module's is for: an absolute path.",
    ),
    Setting(
        "ENGINE_STATE_BUCKET", "Bucket of the state; `{account}` stands for the account.", "terraform-state-{account}"
    ),
    Setting("ENGINE_STATE_REGION", "Region of that bucket; the environment's own when not set."),
    Setting("ENGINE_EMULATOR", "1: AWS_ENDPOINT_URL is a local emulator, checks of real credentials are off."),
    Setting(
        "ENGINE_CLOCK_AHEAD_S",
        "Seconds that a sandbox's clock is ahead of the machine's. Only with ENGINE_EMULATOR=1.",
    ),
    Setting(
        "ENGINE_AWS_PROFILE",
        "AWS profile that Terraform works by where the rules name none (`environments.<name>.profile`), instead of the "
        "keys in the environment; `{environment}` and `{account}` stand for those of the resource: "
        "`interlock-{environment}`.",
    ),
    Setting(
        "ENGINE_CACHE_DIR",
        "Prepared Terraform work directories, mirrors of sources, and what was begun to be applied: keep it.",
        "~/.cache/interlock",
    ),
    Setting("ENGINE_OPA", "The `opa` program for `policy.evaluate` with `engine: opa`.", "opa"),
    Setting("ENGINE_CHECKOV", "The `checkov` program for `policy.evaluate` with `engine: checkov`.", "checkov"),
    Setting(
        "ENGINE_STORE",
        "Where runs keep statements and journals: `s3:BUCKET/PREFIX`, or `dir:PATH`, absolute. In a CI job (`CI` is "
        "set) others see a directory as `dir:PATH?shared=1` only, a mounted volume. Not set: a run keeps them to "
        "itself.",
    ),
    Setting(
        "ENGINE_STORE_PROFILE",
        "AWS profile with which a store in S3 is used, and nothing else: Terraform never gets it. Not set: what every "
        "AWS client finds, which Terraform gets too.",
    ),
    Setting(
        "ENGINE_STORE_ROLE",
        "ARN of the AWS role as which a job uses a store in S3, by its own identity (OIDC), and nothing else: instead "
        "of ENGINE_STORE_PROFILE.",
    ),
    Setting("ENGINE_STORE_REGION", "Region of that bucket; that of the profile, or AWS_REGION, when not set."),
    Setting("ENGINE_SIGNING_KEY", "Private Ed25519 key that signs verdicts (PEM). Secret."),
    Setting("ENGINE_SIGNING_KEY_FILE", "File with that key, mode 0600."),
    Setting("ENGINE_MERGE_KEY", "Private Ed25519 key that signs merge decisions (PEM). Secret."),
    Setting("ENGINE_MERGE_KEY_FILE", "File with that key, mode 0600."),
    Setting("ENGINE_DIGEST_KEY", "Key of plan digests, at least 32 characters, shared by plan and apply. Secret."),
    Setting("ENGINE_DIGEST_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_DIGEST_OLD_KEYS",
        "The keys of plan digests before, with white space between: what was approved under them is compared. Secret.",
    ),
    Setting("ENGINE_DIGEST_OLD_KEYS_FILE", "File with those keys, mode 0600."),
    Setting("ENGINE_AUDIT_KEY", "Private Ed25519 key that signs the ledger and the audit trail (PEM). Secret."),
    Setting("ENGINE_AUDIT_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_BACKUP_KEY",
        "Key that seals backups of states, 64 hexadecimal digits (`engine keys backup` makes one). Secret.",
    ),
    Setting("ENGINE_BACKUP_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_BACKUP_OLD_KEYS",
        "The keys that sealed backups before, with white space between: they open what they have sealed. Secret.",
    ),
    Setting("ENGINE_BACKUP_OLD_KEYS_FILE", "File with those keys, mode 0600."),
    Setting(
        "ENGINE_HANDOVER_KEY",
        "Key of what one job of a run hands to the next, at least 32 characters, shared by jobs that plan and that "
        "decide. Secret.",
    ),
    Setting("ENGINE_HANDOVER_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_EXECUTOR",
        "File that this executor holds while it runs: what it has begun and not ended, it goes on with. Absolute path.",
    ),
    Setting(
        "GITHUB_API_URL",
        "GitHub's API, as GitHub Actions sets it; that of an Enterprise server ends with `/api/v3`.",
        "https://api.github.com",
    ),
    Setting("ENGINE_GITHUB_APP_ID", "Id of the GitHub App as which runs of GitHub's events act."),
    Setting(
        "ENGINE_GITHUB_BOT_ID",
        "Id of the account as which that App acts (`gh api users/NAME[bot] --jq .id`), or of a token's owner: what it "
        "did starts nothing, and no request is made to find that out.",
    ),
    Setting("ENGINE_GITHUB_APP_KEY", "Private key of that App (PEM). Secret."),
    Setting("ENGINE_GITHUB_APP_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_GITHUB_READER_ID",
        "Id of a GitHub App that may only read. A job that plans or applies asks as this one, and holds no key of the "
        "other; ENGINE_GITHUB_APP_ID says all the same whose checks and comments are ours.",
    ),
    Setting("ENGINE_GITHUB_READER_KEY", "Private key of that App (PEM). Secret."),
    Setting("ENGINE_GITHUB_READER_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "GITHUB_TOKEN",
        "Token of a job, or a fine-grained one, where there is no App. What is done with a job's token starts no "
        "workflow. Secret.",
    ),
    Setting(
        "ENGINE_STATE_DIR",
        "Directory of `engine serve`: deliveries, queue, logs. On a disk of this machine, mode 0700.",
        "~/.local/state/interlock",
    ),
    Setting("ENGINE_WEBHOOK_SECRET", "Secret of the App's webhook, at least 32 characters. Secret."),
    Setting("ENGINE_WEBHOOK_SECRET_FILE", "File with that secret, mode 0600."),
    Setting("ENGINE_WEBHOOK_OLD_SECRET", "The secret of before, which holds too while it is exchanged. Secret."),
    Setting("ENGINE_WEBHOOK_OLD_SECRET_FILE", "File with that secret, mode 0600."),
    Setting(
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "Where a job of GitHub Actions asks for its own identity, as that sets it where the job has `id-token: write`.",
    ),
    Setting("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "What it asks there with, set likewise. Secret."),
    Setting("ENGINE_TRUSTED_KEYS", "File of the public keys whose statements are believed: an absolute path."),
)
