from mrcmv.cli import main

main()
