"""What an address of Milvus asks for; a password never stays in the part that is logged."""

import pytest

from mrcmv.index import TrackIndexError
from mrcmv.index.milvus_address import read_address


def test_everything_in_an_address() -> None:
    found = read_address("https://me:secret@host:19530/music?index=hnsw&consistency=bounded&timeout=2.5")
    assert found.connection == {
        "uri": "https://host:19530",
        "user": "me",
        "password": "secret",
        "db_name": "music",
    }
    assert (found.kind, found.consistency, found.timeout_s) == ("HNSW", "Bounded", 2.5)


def test_what_is_not_said() -> None:
    found = read_address("http://host:19530")
    assert found.connection == {"uri": "http://host:19530"}
    assert (found.kind, found.consistency, found.timeout_s) == ("AUTOINDEX", "Session", 10.0)


@pytest.mark.parametrize(
    "asked", ["index=ANNOY", "consistency=perhaps", "timeout=soon", "timeout=0", "color=red"]
)
def test_what_there_is_not(asked: str) -> None:
    with pytest.raises(TrackIndexError):
        read_address(f"http://host:19530?{asked}")
