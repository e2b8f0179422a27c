"""The one exception a person is meant to read."""


class TriescopeError(Exception):
    """A fault in what the user gave us, said in one line.

    The shell prints it on stderr and exits with code 2; the app shows it in place. Anything else that escapes is our bug
    and keeps its traceback.
    """
