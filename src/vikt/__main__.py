"""`python -m vikt` is the command `vikt`."""

from vikt.interruption import end_silently


def main() -> None:
    """Run the command line."""
    end_silently()
    from vikt.cli.streams import open_standard_streams, use_utf8

    use_utf8()
    open_standard_streams()
    from vikt.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
