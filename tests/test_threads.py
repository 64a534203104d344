"""All native libraries together keep to the budget, in every thread."""

import json
import os
import subprocess
import sys

CHILD = """
import json, threading
import mrcmv.recommender
import faiss, numpy as np, torch
from threadpoolctl import threadpool_info
found = []
def look():
    np.ones((9, 9)) @ np.ones((9, 9))
    found.extend(pool["num_threads"] for pool in threadpool_info())
    found.append(torch.get_num_threads())
look()
thread = threading.Thread(target=look)  # as the page's work is done
thread.start()
thread.join()
print(json.dumps(found))
"""


def test_no_pool_is_larger_than_what_the_environment_allows():
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    said = subprocess.run(
        [sys.executable, "-c", CHILD],
        env={**environment, "MRCMV_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = json.loads(said.stdout.splitlines()[-1])
    assert len(found) >= 6
    assert set(found) == {1}
