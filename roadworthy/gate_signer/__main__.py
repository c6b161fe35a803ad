"""`python -m roadworthy.gate_signer --home HOME`: run the gate signer until it is told to end."""

import argparse
import logging
import os
import sys
from pathlib import Path

from roadworthy.gate_signer.service import serve
from roadworthy.kernel.errors import RoadworthyError
from roadworthy.signing.keys import passphrase_for


def main() -> int:
    """Read the arguments and serve; give the exit code, 1 when it could not start."""
    parser = argparse.ArgumentParser(prog="python -m roadworthy.gate_signer", description=sys.modules[__name__].__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the installation")
    home: Path = parser.parse_args().home
    logging.basicConfig(level=logging.INFO, format="%(asctime)s gate signer: %(message)s")
    try:
        serve(home, passphrase_for("GATE", os.environ))
    except RoadworthyError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
