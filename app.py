"""What a Space starts."""

from mrcmv.cli import main

if __name__ == "__main__":
    main()
