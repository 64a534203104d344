"""The whole way with the tiny network: every room is the real one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import Cancelled, UserError, open_clip, read_sound, recipe, share_threads, to_mono
from mrcmv.mix import Source
from mrcmv.recommender import Recommender, Stage, StageEvent, Suggestions, Wish
from mrcmv.words import SentenceEncoder, Words


@pytest.fixture(scope="module")
def recommender(debug_checkpoint: Path, debug_home: Path) -> Recommender:
    return Recommender(str(debug_checkpoint), device="cpu", home=debug_home)


@pytest.fixture(scope="module")
def heard(
    recommender: Recommender, examples: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Suggestions, list[StageEvent]]:
    events: list[StageEvent] = []
    found = recommender.suggest(
        examples["excited"], tmp_path_factory.mktemp("clip"), start_s=4.0, end_s=14.0, on_stage=events.append
    )
    return found, events


def test_five_different_tracks_come_best_first(heard: tuple[Suggestions, list[StageEvent]]) -> None:
    found, _ = heard
    assert len({match.track.id for match in found.matches}) == 5
    similarities = [match.similarity for match in found.matches]
    assert similarities == sorted(similarities, reverse=True)
    assert all(-1.001 <= each <= 1.001 for each in similarities)


def test_stages_are_told_in_order_with_their_seconds(heard: tuple[Suggestions, list[StageEvent]]) -> None:
    found, events = heard
    finished = [event for event in events if event.seconds is not None]
    assert list(dict.fromkeys(event.stage for event in events)) == list(Stage)
    # The voice is separated while the picture is still being read
    assert [event.stage for event in finished] == [Stage.SEPARATING, Stage.READING, *list(Stage)[2:]]
    assert finished[0].voice == found.voice
    for stage in Stage:
        dones = [event.done for event in events if event.stage is stage]
        assert dones == sorted(dones)
        assert dones[0] == 0.0
        assert dones[-1] == 1.0
    spent = sum(seconds for name, seconds in found.timings_s.items() if name != "total")
    assert spent <= found.timings_s["total"] + 0.01


def test_reading_and_separating_at_once_change_nothing(
    recommender: Recommender,
    examples: dict[str, Path],
    heard: tuple[Suggestions, list[StageEvent]],
    tmp_path: Path,
) -> None:
    found, _ = heard
    clip = open_clip(examples["excited"], tmp_path, start_s=4.0, end_s=14.0)
    voice, speech = recommender.separate_window(clip)
    assert voice is not None
    assert found.voice is not None
    assert voice.relative_to(tmp_path) == found.voice.relative_to(found.clip.folder)
    assert np.array_equal(read_sound(voice), read_sound(found.voice))
    assert speech == found.speech
    assert clip.frames.read_bytes() == found.clip.frames.read_bytes()
    alone = recommender.model.embed_query(clip.read_frames(), to_mono(read_sound(voice)))
    assert np.array_equal(alone.vector, found.query)


def test_a_picture_that_fails_takes_the_voice_with_it(
    recommender: Recommender, examples: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "frames_arguments", lambda plan, work: ["-i", "file:/no/such"])
    with pytest.raises(UserError):
        recommender.suggest(examples["calm"], tmp_path, start_s=2.0, end_s=6.0)
    assert list(tmp_path.iterdir()) == []


def test_what_a_clip_needs_loads_beside_it(debug_checkpoint: Path, debug_home: Path) -> None:
    fresh = Recommender(str(debug_checkpoint), device="cpu", home=debug_home)
    fresh.load_ahead()
    for thread in threading.enumerate():
        if thread.name == "mrcmv-load-ahead":
            thread.join()
    assert {"separator", "model", "library"} <= fresh._loaded.keys()
    lost = Recommender("/no/such/checkpoint", device="cpu", home=debug_home)
    lost.load_ahead()  # says nothing: who asks for the network is told
    with pytest.raises(UserError):
        assert lost.model


def test_voice_is_found_inside_the_chosen_part(heard: tuple[Suggestions, list[StageEvent]]) -> None:
    found, _ = heard
    assert found.clip.window_s == pytest.approx((4.0, 14.0), abs=0.05)
    assert found.speech
    assert all(3.95 <= begin < end <= 14.05 for begin, end in found.speech.segments)
    assert found.voice is not None
    assert len(read_sound(found.voice)) == pytest.approx(10 * 44_100, abs=0.05 * 44_100)
    assert found.picture_share + found.voice_share == pytest.approx(1.0)
    assert found.voice_share > 0


def test_json_keeps_the_contract(heard: tuple[Suggestions, list[StageEvent]]) -> None:
    plain = heard[0].to_json()
    assert set(plain) == {"clip", "weights", "suggestions", "timings_s", "checkpoint"}
    assert set(plain["clip"]) == {"duration_s", "width", "height", "fps", "has_audio", "has_voice"}
    assert set(plain["weights"]) == {"picture", "voice"}
    assert set(plain["timings_s"]) == {"intake", "separation", "embedding", "search", "total"}
    assert set(plain["checkpoint"]) == {"name", "sha256"}
    assert [row["rank"] for row in plain["suggestions"]] == [1, 2, 3, 4, 5]
    assert set(plain["suggestions"][0]) == {
        "rank",
        "track_id",
        "title",
        "artist",
        "licence",
        "similarity",
        "start_s",
    }


def test_clip_without_voice_is_matched_by_its_picture(
    recommender: Recommender, examples: dict[str, Path], tmp_path: Path
) -> None:
    found = recommender.suggest(examples["no_voice"], tmp_path, end_s=8.0)
    assert found.clip.has_audio
    assert not found.speech
    assert found.voice is None
    assert (found.picture_share, found.voice_share) == (1.0, 0.0)
    assert len(found.matches) == 5


def test_preview_takes_the_best_moment_and_separates_once(
    recommender: Recommender,
    heard: tuple[Suggestions, list[StageEvent]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import mrcmv.mix

    found, _ = heard
    starts: list[float] = []
    real = mrcmv.mix.mix_sound

    def spy(source: Source, *args: object, **options: object) -> object:
        starts.append(source.best_s)
        return real(source, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(mrcmv.mix, "mix_sound", spy)
    separations: list[Path] = []
    inner = recommender.separator.separate_file

    def count(source: Path, *args: object, **options: object) -> object:
        separations.append(source)
        return inner(source, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(recommender.separator, "separate_file", count)
    first, second = found.matches[:2]
    for match in (first, second):
        out = tmp_path / f"{match.track.id}.mp4"
        preview = recommender.render(found, match.track.id, out)
        assert out.stat().st_size > 100_000
        assert preview.duration_s == pytest.approx(found.clip.duration_s, abs=0.04)
    assert starts == [first.start_s, second.start_s]
    assert len(separations) == 1


def test_cancel_stops_between_and_inside_stages(
    recommender: Recommender, examples: dict[str, Path], tmp_path: Path
) -> None:
    seen: list[Stage] = []

    def stop(event: StageEvent) -> None:
        seen.append(event.stage)
        if event.stage is Stage.SEPARATING:
            raise Cancelled

    with pytest.raises(Cancelled):
        recommender.suggest(examples["calm"], tmp_path, on_stage=stop)
    assert Stage.UNDERSTANDING not in seen


def test_unknown_track_is_one_sentence(
    recommender: Recommender, heard: tuple[Suggestions, list[StageEvent]], tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        recommender.render(heard[0], "no-such-track", tmp_path / "out.mp4")
    assert "no-such-track" in str(caught.value)
    assert not (tmp_path / "out.mp4").exists()


def test_same_clip_gives_the_same_answer(
    recommender: Recommender,
    examples: dict[str, Path],
    heard: tuple[Suggestions, list[StageEvent]],
    tmp_path: Path,
) -> None:
    again = recommender.suggest(examples["excited"], tmp_path, start_s=4.0, end_s=14.0)
    assert [m.track.id for m in again.matches] == [m.track.id for m in heard[0].matches]
    np.testing.assert_allclose(
        [m.similarity for m in again.matches], [m.similarity for m in heard[0].matches], atol=1e-5
    )


def test_two_clips_at_once_get_the_answers_that_each_gets_alone(
    recommender: Recommender, examples: dict[str, Path], tmp_path: Path
) -> None:
    parts = {"excited": (4.0, 14.0), "calm": (0.0, 9.0)}

    def ask(name: str, folder: str) -> Suggestions:
        (tmp_path / folder).mkdir()
        start_s, end_s = parts[name]
        return recommender.suggest(examples[name], tmp_path / folder, start_s=start_s, end_s=end_s)

    def ask_beside(name: str) -> Suggestions:
        share_threads(lambda: len(parts))
        return ask(name, f"{name} beside")

    alone = {name: ask(name, name) for name in parts}
    with ThreadPoolExecutor(len(parts)) as pool:
        beside = dict(zip(parts, pool.map(ask_beside, parts), strict=True))
    for name, one in alone.items():
        other = beside[name]
        assert [each.track.id for each in other.matches] == [each.track.id for each in one.matches]
        assert other.speech == one.speech
        # Half the threads may add numbers up in another order
        assert np.allclose(other.query, one.query, atol=1e-5)


def test_parts_load_once_for_many_threads(
    debug_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mrcmv.model

    loads: list[str] = []
    real = mrcmv.model.load_model

    def slow(name: str, device: str = "auto") -> object:
        loads.append(name)
        return real(name, device=device)

    monkeypatch.setattr(mrcmv.model, "load_model", slow)
    shared = Recommender(str(debug_checkpoint), device="cpu", home=tmp_path)
    models: list[object] = []
    threads = [threading.Thread(target=lambda: models.append(shared.model)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len({id(model) for model in models}) == 1


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, mrcmv.cli, mrcmv.recommender; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["torch", "gradio", "faiss", "librosa", "scipy", "moviepy", "pandas"]
    out = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_words_and_examples_rerank_without_a_new_look(
    recommender: Recommender, heard: tuple[Suggestions, list[StageEvent]]
) -> None:
    found, _ = heard
    wished = recommender.rerank(found, Wish(text="acoustic, no electronic sounds", strength=1.0), 5)
    assert {match.track.genre for match in wished.matches} == {"acoustic"}
    assert wished.clip == found.clip
    assert wished.steering is not None
    assert [ask.ask.said for ask in wished.steering.asks] == ["acoustic", "electronic sounds"]
    row = wished.to_json()["suggestions"][0]["steering"]
    assert row["share"] == 1.0
    assert set(row) == {"rank_before", "moved", "clip_part", "wish_part", "share", "because"}
    assert recommender.rerank(wished, Wish(), 5).matches == found.matches

    first = found.matches[0].track
    alike = recommender.rerank(found, Wish(reference=recommender.library.sound_path(first.id), strength=1.0))
    named = recommender.rerank(found, Wish(like=first.id, strength=1.0))
    assert alike.steering is not None
    assert [lift.track_id for lift in alike.steering.lifts] == [match.track.id for match in named.matches]
    assert named.matches[0].track == first


def test_the_words_of_a_large_library_are_encoded_ahead(
    debug_checkpoint: Path, debug_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recommender = Recommender(str(debug_checkpoint), device="cpu", home=debug_home)
    words = recommender._loaded["words"] = Words(tmp_path / "words")
    encode, asked = SentenceEncoder.encode, []

    def counted(self: SentenceEncoder, texts: Sequence[str]) -> np.ndarray:
        asked.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(SentenceEncoder, "encode", counted)
    recommender.prepare_words()
    assert asked == [], "28 tracks are few"
    monkeypatch.setattr("mrcmv.parts.MANY_TRACKS", 28)
    recommender.prepare_words()
    assert len(asked) > 28
    asked.clear()
    words.score(words.understand("flute").asks, recommender.index().tracks, ())
    assert len(asked) == 2, "the phrase, and the phrase with “music” behind it"


def test_an_example_that_is_no_sound_is_one_sentence(
    recommender: Recommender, heard: tuple[Suggestions, list[StageEvent]], tmp_path: Path
) -> None:
    (tmp_path / "song.mp3").write_text("ffconcat version 1.0")
    with pytest.raises(UserError):
        recommender.rerank(heard[0], Wish(reference=tmp_path / "song.mp3"))


def test_why_and_map_tell_of_the_same_clip(
    recommender: Recommender, heard: tuple[Suggestions, list[StageEvent]]
) -> None:
    found, _ = heard
    match = found.matches[1]
    why = recommender.why(found, match.track.id)
    assert why.similarity == pytest.approx(match.similarity, abs=1e-4)
    assert why.picture_share == pytest.approx(found.picture_share, abs=1e-3)
    start, end = found.clip.window_s
    assert (why.stretches[0].start_s, why.stretches[-1].end_s) == pytest.approx((start, end))
    assert len(why.stretches) == 8
    placed = recommender.map(found)
    assert set(placed.layout.ids) == {track.id for track in recommender.library.tracks()}
    assert recommender.map(found).layout is placed.layout
