// octokit lives in the forge: what it is told on its first argument, what it found on its output, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const told = JSON.parse(process.argv[2]);
const found = createRequire(`${told.modules}/node_modules/`).resolve("octokit");
const { App, Octokit } = await import(pathToFileURL(found));

const owner = "acme";
const repo = "dev-deployment";
const quiet = { log: { debug() {}, info() {}, warn() {}, error() {} } };
const Here = Octokit.defaults({ baseUrl: told.api_url, retry: { enabled: false }, throttle: { enabled: false }, ...quiet });
const person = (login) => new Here({ auth: told.users.find((user) => user.login === login).token }).rest;
const status = async (promise) => promise.then((answer) => answer.status, (error) => error.status);

const app = new App({
  appId: told.app.id,
  privateKey: readFileSync(told.app.private_key_file, "utf8"),
  webhooks: { secret: told.webhook_secret },
  Octokit: Here,
});
const installation = await app.getInstallationOctokit(told.app.installation);
const bot = installation.rest;
const alice = person("alice");

const base = (await alice.git.getRef({ owner, repo, ref: "heads/stage" })).data.object.sha;
const branch = "topic/octokit";
await alice.git.createRef({ owner, repo, ref: `refs/heads/${branch}`, sha: base });
const written = await alice.repos.createOrUpdateFileContents({
  owner, repo, path: "octokit/hello.txt", message: "Say hello", branch,
  content: Buffer.from("hello\n").toString("base64"),
});
const sha = written.data.commit.sha;
const pull = (await alice.pulls.create({ owner, repo, head: branch, base: "stage", title: "Say hello", body: "x" })).data;
const number = { owner, repo, pull_number: pull.number };
const issue = { owner, repo, issue_number: pull.number };

const plan = (await bot.checks.create({ owner, repo, name: "interlock plan: stage", head_sha: sha })).data;
await bot.checks.update({ owner, repo, check_run_id: plan.id, conclusion: "success", output: { title: "t", summary: "s" } });
const forbidden = await status(alice.checks.create({ owner, repo, name: "interlock merge: stage", head_sha: sha }));
const early = await status(person("ann").pulls.merge({ ...number, merge_method: "squash" }));
await bot.checks.create({ owner, repo, name: "interlock merge: stage", head_sha: sha, conclusion: "success" });

for (let count = 0; count < 5; count++) await bot.issues.createComment({ ...issue, body: `comment ${count}` });
const comments = await installation.paginate(installation.rest.issues.listComments, { ...issue, per_page: 2 });
await bot.issues.addLabels({ ...issue, labels: ["opa-passed"] });
const own = await status(alice.pulls.createReview({ ...number, event: "APPROVE" }));
const review = (await person("carol").pulls.createReview({ ...number, event: "APPROVE", body: "good" })).data;
await bot.repos.createCommitStatus({ owner, repo, sha, state: "success", context: "ci" });
const moved = await status(bot.pulls.merge({ ...number, sha: "0".repeat(40) }));
const merged = (await bot.pulls.merge({ ...number, sha, merge_method: "squash", commit_title: "Said" })).data;
const after = (await bot.pulls.get(number)).data;
const timeline = await installation.paginate(installation.rest.issues.listEventsForTimeline, { ...issue, per_page: 3 });
const deployment = (await bot.repos.createDeployment({
  owner, repo, ref: merged.sha, environment: "staging", auto_merge: false, required_contexts: [],
})).data;
await bot.repos.createDeploymentStatus({ owner, repo, deployment_id: deployment.id, state: "success" });
const dispatched = await status(bot.repos.createDispatchEvent({ owner, repo, event_type: "go", client_payload: { a: 1 } }));
const members = await installation.paginate(installation.rest.teams.listMembersInOrg, { org: owner, team_slug: "security" });
const tree = (await bot.git.getTree({ owner, repo, tree_sha: merged.sha, recursive: "true" })).data;
const repositories = [];
for await (const { repository } of app.eachRepository.iterator()) repositories.push(repository.full_name);

console.log(JSON.stringify({
  sha, forbidden, early, own, moved, dispatched, repositories,
  comments: comments.map((comment) => comment.body),
  review: [review.state, review.user.login],
  merged: [merged.merged, merged.sha],
  after: [after.merged, after.merge_commit_sha, after.merged_by.login, after.labels.map((label) => label.name)],
  timeline: timeline.map((event) => event.event),
  members: members.map((member) => member.login),
  tree: tree.tree.map((entry) => entry.path),
  remaining: Number((await bot.rateLimit.get()).data.resources.core.remaining),
}));
