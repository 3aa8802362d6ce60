"""supervisord, which a full disk doesn't end. `python -m wabot.launching.supervise` takes supervisord's arguments.

What it can't log it describes on its terminal, with a traceback for each line; where the terminal is a file on the same disk, it
dies of that, and all programs with it. Here a line that can't be logged is lost, and nothing else.
"""

from supervisor import loggers, supervisord


def main() -> None:
    loggers.Handler.handleError = lambda _: None
    supervisord.main()


if __name__ == "__main__":
    main()
