"""What a Space starts: the page, and nothing else."""

from mrcmv.web import launch

if __name__ == "__main__":
    launch()
