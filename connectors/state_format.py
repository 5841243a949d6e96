"""The version of what jobs keep in Flink's state; CHANGELOG.md says what each of them is."""

# Part of the operators' uids: Flink hands state of another format to nobody, and refuses to begin.
FORMAT = 5
