import pytest

from mrcmv.media import UserError
from mrcmv.training.fetch.lists import ONLY_WEB, find_list, list_url, read_listing

PAGE = "https://v.qq.com/x/page/{}.html"


def listing(train: str, test: str = "") -> dict[str, tuple[str, str, str | None]]:
    found = read_listing("hok400", {"train": train.encode(), "test": test.encode()})
    return {video.id: (video.split, video.url, video.problem) for video in found.videos}


def test_every_form_of_a_line_names_its_video() -> None:
    text = (
        "\ufeff# a comment\n\nhttps://v.qq.com/x/page/g0549pkapth.html\n"
        "q05023bx86z\tA title, with commas\n"
        "3, https://v.qq.com/x/page/k0846fp4n7s.html, 35 s # good\r\n"
        "http://v.qq.com/page/d/t/d/d0341d7rbtd.html\n"
        '"http://jsmov2.example.com/up/clip one.mp4?tag=1-x"\n'
    )
    found = listing(text)
    assert found["g0549pkapth"] == ("train", PAGE.format("g0549pkapth"), None)
    assert found["q05023bx86z"][1] == PAGE.format("q05023bx86z")
    assert found["k0846fp4n7s"][1] == PAGE.format("k0846fp4n7s")
    assert found["d0341d7rbtd"][1] == "http://v.qq.com/page/d/t/d/d0341d7rbtd.html"
    assert len(found) == 5
    (other,) = [name for name in found if name.startswith("clip-")]
    assert len(other) == len("clip-") + 8


@pytest.mark.parametrize("line", ["file:///etc/passwd", "ftp://example.com/a.mp4", "javascript:alert(1)"])
def test_other_addresses_than_the_webs_are_listed_but_never_asked(line: str) -> None:
    ((split, url, problem),) = listing(line).values()
    assert (split, url, problem) == ("train", line, ONLY_WEB)


def test_addresses_with_a_password_or_without_a_host_are_never_asked() -> None:
    found = listing("http://me:secret@example.com/a.mp4\nhttp:///a.mp4\nhttp://[::1/a.mp4")
    assert [problem for _, _, problem in found.values()] == ["the address cannot be read"] * 3


def test_splits_are_apart_and_the_same_whatever_survives() -> None:
    train = "\n".join(PAGE.format(f"a{n:010}") for n in range(270))
    test = "\n".join(PAGE.format(f"b{n:010}") for n in range(131))
    # a line twice, and one of the test list in the training list, too
    doubled = f"{train}\n{PAGE.format('a0000000007')}\n{PAGE.format('b0000000003')}"
    listed = read_listing("cfm400", {"train": doubled.encode(), "test": test.encode()})
    splits = {video.id: video.split for video in listed.videos}
    counts = {split: list(splits.values()).count(split) for split in ("train", "validation", "test")}
    assert counts == {"train": 243, "validation": 27, "test": 131}
    assert splits["b0000000003"] == "test"
    assert (listed.twice, listed.counts) == (2, {"train": 272, "test": 131})
    again = read_listing("cfm400", {"train": train.encode(), "test": test.encode()})
    assert {video.id: video.split for video in again.videos} == splits
    first = [video.split for video in listed.in_random_order()[:100]]
    assert 20 < first.count("test") < 50


def test_lists_come_from_the_web_or_a_folder(tmp_path) -> None:
    raw = "https://raw.githubusercontent.com/pixel-333/MRCMV/HEAD/training_part_CFM400.txt"
    assert list_url("https://github.com/pixel-333/MRCMV.git", "cfm400", "train") == raw
    assert list_url("http://example.com/l/", "hok400", "test") == "http://example.com/l/test_part_HoK400.txt"
    for bad in ("file:///etc", "ftp://example.com", "http://"):
        with pytest.raises(UserError, match="lists cannot be read from there"):
            list_url(bad, "hok400", "train")
    (tmp_path / "Test_part_hok400.TXT").touch()
    assert find_list(tmp_path, "hok400", "test").name == "Test_part_hok400.TXT"
    with pytest.raises(UserError, match=r"has no training_part_HoK400\.txt"):
        find_list(tmp_path, "hok400", "train")
