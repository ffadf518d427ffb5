"""Do the tests of a policy set notice when a policy is changed? `run` changes one place at a time and sees."""

# What a worker says of a change; otherwise it is the path of the first test that failed.
STILLBORN, SURVIVED = "stillborn", "survived"
