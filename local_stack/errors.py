"""What can go wrong with the local stack, each as one sentence that says what to do.

StackError
├── SetupError        the environment or a jar is missing or damaged
├── PartFailed        a server did not start or does not answer
├── NoRoom            the disk has no room left
└── NotRunning        no stack is up
"""


class StackError(Exception):
    """A sentence for a person: what, where, what to do."""


class SetupError(StackError):
    """The environment or a jar is missing or damaged."""


class PartFailed(StackError):
    """A server did not start or does not answer."""


class NoRoom(StackError):
    """The disk has no room left."""


class NotRunning(StackError):
    """No stack is up."""
