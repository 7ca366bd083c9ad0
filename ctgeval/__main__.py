"""``python -m ctgeval``: the command line where executables are blocked."""

from ctgeval.cli import main

if __name__ == "__main__":
    main(prog_name="ctgeval")
