"""Reading answers as a browser does."""

from typing import Any


def read_through(answer: Any) -> None:
    """Take a file's answer to its end, which closes the file and lets the test's connection live.

    `answer.close()` would end the request a second time, and on PostgreSQL the test's transaction with it.
    """
    if answer.streaming:
        for _part in answer.streaming_content:
            pass
