"""`python -m vikt` is the command `vikt`."""

from vikt.interruption import end_silently


def main() -> None:
    """Run the command line."""
    end_silently()
    from vikt.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
