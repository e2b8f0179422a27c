"""The one exception a person is meant to read."""

from pathlib import Path


class TriescopeError(Exception):
    """A fault in what the user gave us, said in one line.

    The shell prints it on stderr and exits with code 2; the app shows it in place. Anything else that escapes is our bug
    and keeps its traceback.
    """


class RowError(TriescopeError):
    """A fault in one row of a file, which others of its rows may not have.

    Parameters
    ----------
    path : Path
        The file.
    row : int
        Counted as the file's readers count.
    column : str
        Where it is; empty where it is the row as a whole.
    what : str
        What is wrong.
    value : object
        What stands there, where that can be shown; whoever knows it better may set it.

    >>> str(RowError(Path("a.csv"), 3, "id", "the id is missing"))
    'a.csv, row 3, column id: the id is missing'
    """

    def __init__(self, path: Path, row: int, column: str, what: str, value: object = None):
        super().__init__(f"{path}, row {row}{f', column {column}' if column else ''}: {what}")
        self.row, self.column, self.what, self.value = row, column, what, value
