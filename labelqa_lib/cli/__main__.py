"""`python -m labelqa_lib.cli` is `labelqa`."""

from labelqa_lib.cli import main

if __name__ == "__main__":
    main()
