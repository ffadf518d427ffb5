"""Every table of the forge. Times are GitHub's texts (`2026-11-27T08:00:00Z`), flags 0 or 1, `…_json` canonical JSON.

Ids are never used again (AUTOINCREMENT), as GitHub's are not. A row that GitHub would forget (a deleted comment) goes;
an account stays with `deleted` set and is shown as `ghost`.
"""

TABLES = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  login TEXT NOT NULL, kind TEXT NOT NULL,              -- User, Bot, Organization
  name TEXT, email TEXT,                                -- the address that is linked to the account
  site_admin INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS accounts_login ON accounts (lower(login)) WHERE NOT deleted;
CREATE TABLE IF NOT EXISTS emails (email TEXT PRIMARY KEY, account INTEGER NOT NULL);  -- further linked addresses

CREATE TABLE IF NOT EXISTS apps (
  id INTEGER PRIMARY KEY AUTOINCREMENT, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, owner INTEGER NOT NULL,
  bot INTEGER NOT NULL, public_key TEXT NOT NULL, permissions_json TEXT NOT NULL, events_json TEXT NOT NULL,
  created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS manifests (                  -- what an App's maker gets for the code, once
  code TEXT PRIMARY KEY, app INTEGER NOT NULL, pem TEXT NOT NULL,
  webhook_secret TEXT NOT NULL, expires_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS installations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, app INTEGER NOT NULL, account INTEGER NOT NULL,
  selection TEXT NOT NULL DEFAULT 'all',                -- all, selected
  suspended_at TEXT, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS installation_repositories (installation INTEGER, repository INTEGER,
  PRIMARY KEY (installation, repository));
CREATE TABLE IF NOT EXISTS tokens (
  token TEXT PRIMARY KEY, account INTEGER NOT NULL, kind TEXT NOT NULL,   -- personal, installation
  installation INTEGER, permissions_json TEXT, repositories_json TEXT,    -- null: everything the holder may
  expires_at TEXT, revoked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, account INTEGER NOT NULL, csrf TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS members (organization INTEGER, account INTEGER, role TEXT NOT NULL DEFAULT 'member',
  PRIMARY KEY (organization, account));                 -- role: member, admin (owner)
CREATE TABLE IF NOT EXISTS teams (
  id INTEGER PRIMARY KEY AUTOINCREMENT, organization INTEGER NOT NULL, parent INTEGER, slug TEXT NOT NULL,
  name TEXT NOT NULL, description TEXT, privacy TEXT NOT NULL DEFAULT 'closed', created_at TEXT NOT NULL,
  UNIQUE (organization, slug));
CREATE TABLE IF NOT EXISTS team_members (team INTEGER, account INTEGER, role TEXT NOT NULL DEFAULT 'member',
  PRIMARY KEY (team, account));
CREATE TABLE IF NOT EXISTS team_repositories (team INTEGER, repository INTEGER, permission TEXT NOT NULL,
  PRIMARY KEY (team, repository));                      -- read, triage, write, maintain, admin

CREATE TABLE IF NOT EXISTS repositories (
  id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL DEFAULT 'source',
  description TEXT, default_branch TEXT NOT NULL DEFAULT 'main', private INTEGER NOT NULL DEFAULT 1, fork_of INTEGER,
  archived INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,
  merge_methods TEXT NOT NULL DEFAULT 'merge squash rebase',
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, pushed_at TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS repositories_name ON repositories (owner, lower(name)) WHERE NOT deleted;
CREATE TABLE IF NOT EXISTS collaborators (repository INTEGER, account INTEGER, permission TEXT NOT NULL,
  PRIMARY KEY (repository, account));
CREATE TABLE IF NOT EXISTS rulesets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, name TEXT NOT NULL,
  target TEXT NOT NULL DEFAULT 'branch',                -- branch, tag
  -- ["refs/heads/dev", "~ALL", "~DEFAULT_BRANCH"]
  enforcement TEXT NOT NULL DEFAULT 'active', include_json TEXT NOT NULL, exclude_json TEXT NOT NULL DEFAULT '[]',
  rules_json TEXT NOT NULL,                             -- as GET …/rulesets/{id} has `rules`
  -- [{actor_id, actor_type: Integration|User|Team|OrganizationAdmin|RepositoryRole, bypass_mode}]
  bypass_json TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS activity (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, ref TEXT NOT NULL, before TEXT NOT NULL,
  after TEXT NOT NULL, actor INTEGER, kind TEXT NOT NULL, at TEXT NOT NULL);
  -- kind: push, force_push, branch_creation, branch_deletion, pr_merge, merge_queue_merge
CREATE TABLE IF NOT EXISTS moves (                      -- of refs that are about to move, until all is told of it
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, ref TEXT NOT NULL, before TEXT, after TEXT,
  actor INTEGER, app INTEGER, told INTEGER NOT NULL DEFAULT 0);   -- 1: pull requests are to follow yet
CREATE TABLE IF NOT EXISTS web_commits (sha TEXT PRIMARY KEY, at TEXT NOT NULL);  -- made, and so signed, by the forge
CREATE INDEX IF NOT EXISTS activity_of ON activity (repository, id);

CREATE TABLE IF NOT EXISTS issues (                     -- a pull request is an issue with a row in `pulls`
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, number INTEGER NOT NULL, author INTEGER,
  app INTEGER, title TEXT NOT NULL, body TEXT, state TEXT NOT NULL DEFAULT 'open', state_reason TEXT,
  locked INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, closed_at TEXT,
  closed_by INTEGER,
  UNIQUE (repository, number));
CREATE TABLE IF NOT EXISTS assignees (issue INTEGER, account INTEGER, PRIMARY KEY (issue, account));
CREATE TABLE IF NOT EXISTS pulls (
  id INTEGER PRIMARY KEY,                               -- of its issue; REST's own `id` of a pull request too
  repository INTEGER NOT NULL, number INTEGER NOT NULL,
  head_repository INTEGER,                              -- null: the fork is gone
  head_owner TEXT NOT NULL, head_ref TEXT NOT NULL, head_sha TEXT NOT NULL,
  base_ref TEXT NOT NULL, base_sha TEXT NOT NULL,       -- the tip of the base when it was last looked at
  draft INTEGER NOT NULL DEFAULT 0, merged INTEGER NOT NULL DEFAULT 0, merged_at TEXT, merged_by INTEGER,
  merge_commit_sha TEXT,                                -- of the merge, once merged; before, of the trial merge
  maintainer_can_modify INTEGER NOT NULL DEFAULT 0,
  measured_json TEXT,                                   -- {base, head, commits, additions, deletions, changed_files}
  trial_json TEXT);                                     -- {base, head, mergeable, rebaseable}
CREATE INDEX IF NOT EXISTS pulls_of ON pulls (repository, number);
CREATE INDEX IF NOT EXISTS pulls_head ON pulls (head_repository, head_ref);
CREATE INDEX IF NOT EXISTS pulls_base ON pulls (repository, base_ref);
CREATE TABLE IF NOT EXISTS review_requests (pull INTEGER NOT NULL, account INTEGER, team INTEGER);
CREATE INDEX IF NOT EXISTS review_requests_of ON review_requests (pull);
CREATE TABLE IF NOT EXISTS labels (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
  color TEXT NOT NULL DEFAULT 'ededed', description TEXT, UNIQUE (repository, name));
CREATE TABLE IF NOT EXISTS issue_labels (issue INTEGER, label INTEGER, PRIMARY KEY (issue, label));
CREATE TABLE IF NOT EXISTS comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, issue INTEGER NOT NULL, author INTEGER, app INTEGER, body TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  minimized TEXT);                                      -- OUTDATED, RESOLVED, SPAM, …
CREATE INDEX IF NOT EXISTS comments_of ON comments (issue, id);
CREATE TABLE IF NOT EXISTS edits (                      -- of a body: one row an edit, and one for the first text
  -- Issue (pull requests too), IssueComment, PullRequestReview
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
  subject INTEGER NOT NULL, editor INTEGER, at TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS edits_of ON edits (kind, subject, id);
CREATE TABLE IF NOT EXISTS reviews (
  id INTEGER PRIMARY KEY AUTOINCREMENT, pull INTEGER NOT NULL, author INTEGER, app INTEGER,
  body TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,                                  -- PENDING, APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED
  before_dismissal TEXT, commit_sha TEXT, submitted_at TEXT, updated_at TEXT,
  dismissed_by INTEGER, dismissed_at TEXT, dismissal TEXT);
CREATE INDEX IF NOT EXISTS reviews_of ON reviews (pull, id);
CREATE TABLE IF NOT EXISTS review_comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, review INTEGER NOT NULL, pull INTEGER NOT NULL, author INTEGER,
  body TEXT NOT NULL,
  path TEXT NOT NULL, line INTEGER, side TEXT NOT NULL DEFAULT 'RIGHT', commit_sha TEXT NOT NULL, reply_to INTEGER,
  start_line INTEGER, start_side TEXT,
  position INTEGER, diff_hunk TEXT NOT NULL DEFAULT '',  -- in the file's patch, and the patch up to there
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS review_comments_of ON review_comments (pull, id);
CREATE TABLE IF NOT EXISTS timeline (
  id INTEGER PRIMARY KEY AUTOINCREMENT, issue INTEGER NOT NULL, event TEXT NOT NULL,
  -- labeled, unlabeled, closed, reopened, merged, renamed, base_ref_changed, review_dismissed, review_requested,
  -- review_request_removed, head_ref_force_pushed, head_ref_deleted, head_ref_restored, ready_for_review,
  -- convert_to_draft, comment_deleted, assigned, unassigned, automatic_base_change_succeeded; and what has rows of its
  -- own, so that the order is one: commented, reviewed, line-commented, committed
  actor INTEGER, app INTEGER, at TEXT NOT NULL, commit_sha TEXT, data_json TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS timeline_of ON timeline (issue, id);

CREATE TABLE IF NOT EXISTS check_suites (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, app INTEGER, head_sha TEXT NOT NULL,
  head_branch TEXT, rerequested_at TEXT,                -- until the next run: then it is `queued` again
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (repository, app, head_sha));
CREATE TABLE IF NOT EXISTS check_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, suite INTEGER NOT NULL, repository INTEGER NOT NULL, app INTEGER,
  head_sha TEXT NOT NULL, name TEXT NOT NULL, external_id TEXT, details_url TEXT, status TEXT NOT NULL,
  conclusion TEXT, started_at TEXT, completed_at TEXT, title TEXT, summary TEXT, text TEXT,
  actions_json TEXT NOT NULL DEFAULT '[]', created_at TEXT);
CREATE INDEX IF NOT EXISTS check_runs_of ON check_runs (repository, head_sha);
CREATE TABLE IF NOT EXISTS annotations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, path TEXT NOT NULL, start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL, start_column INTEGER, end_column INTEGER, level TEXT NOT NULL, message TEXT NOT NULL,
  title TEXT, raw_details TEXT);
CREATE TABLE IF NOT EXISTS statuses (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, sha TEXT NOT NULL, state TEXT NOT NULL,
  context TEXT NOT NULL, description TEXT, target_url TEXT, creator INTEGER, app INTEGER, created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS statuses_of ON statuses (repository, sha);
CREATE TABLE IF NOT EXISTS deployments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, sha TEXT NOT NULL, ref TEXT NOT NULL,
  task TEXT NOT NULL DEFAULT 'deploy', environment TEXT NOT NULL, description TEXT,
  payload_json TEXT NOT NULL DEFAULT '{}',
  transient INTEGER NOT NULL DEFAULT 0, production INTEGER NOT NULL DEFAULT 0, creator INTEGER, app INTEGER,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deployment_statuses (
  id INTEGER PRIMARY KEY AUTOINCREMENT, deployment INTEGER NOT NULL, state TEXT NOT NULL, description TEXT,
  environment TEXT, environment_url TEXT, log_url TEXT, creator INTEGER, app INTEGER, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS environments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
  policy TEXT NOT NULL DEFAULT '',                      -- from which branches: '' all, protected, custom
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (repository, name));
CREATE TABLE IF NOT EXISTS branch_policies (            -- of an environment that has its own
  id INTEGER PRIMARY KEY AUTOINCREMENT, environment INTEGER NOT NULL, name TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT 'branch',                  -- branch, tag
  UNIQUE (environment, name, kind));

CREATE TABLE IF NOT EXISTS hooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER, app INTEGER,   -- one of the two
  url TEXT NOT NULL, secret TEXT NOT NULL DEFAULT '', events_json TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1,
  content_type TEXT NOT NULL DEFAULT 'json',            -- json, form
  insecure_ssl INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT NOT NULL, hook INTEGER NOT NULL, installation INTEGER,
  repository INTEGER,
  event TEXT NOT NULL, action TEXT, number INTEGER, body BLOB NOT NULL, redelivery INTEGER NOT NULL DEFAULT 0,
  due_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
  -- waiting, sent (an answer, or that none came, is recorded); of chaos: held until a tick, swapped until a later one
  -- of its hook was sent, lost
  sent_at TEXT, duration REAL, status_code INTEGER, request_json TEXT, response_json TEXT);
CREATE INDEX IF NOT EXISTS deliveries_state ON deliveries (state, id);
CREATE INDEX IF NOT EXISTS deliveries_of ON deliveries (hook, id);
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, delivery INTEGER, event TEXT NOT NULL, repository TEXT,
  number INTEGER, pid INTEGER,
  state TEXT NOT NULL, exit_code INTEGER, tries INTEGER NOT NULL DEFAULT 0, log TEXT, summary TEXT,
  started_at TEXT, ended_at TEXT);
"""
