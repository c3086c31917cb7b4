"""`python -m vikt` is the command `vikt`."""

from vikt.cli.main import main

if __name__ == "__main__":
    main()
