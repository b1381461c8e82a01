"""`python -m impckg` is the command `impckg`."""

from impckg.service.cli import main

if __name__ == "__main__":
    main()
