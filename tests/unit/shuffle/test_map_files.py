"""Map files: what is written by many threads is read back by partition, and nothing damaged is believed."""

from __future__ import annotations

import errno
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.errors import ClusterError
from engine.physical.task import TaskContext
from engine.shuffle.reader import read_morsels
from engine.shuffle.store import FetchFailed, MapFile, MapOutput
from engine.shuffle.writer import ShuffleWriter


def file(folder: Path) -> MapFile:
    """A map file that is not there yet."""
    return MapFile(3, 1, 0, str(folder / "stage-3-map-1"))


def numbers(first: int, count: int) -> pa.RecordBatch:
    """A batch of consecutive numbers."""
    return pa.record_batch({"n": np.arange(first, first + count)})


def read(output: MapOutput, *partitions: int) -> list[int]:
    """The numbers of some shuffle partitions, sorted."""
    batches = [batch for morsel in read_morsels([output.file], partitions) for batch in morsel()]
    return sorted(value for batch in batches for value in batch["n"].to_pylist())


def test_rows_come_back_by_partition(tmp_path: Path) -> None:
    writer = ShuffleWriter(file(tmp_path), 4)
    for first in range(0, 100, 10):
        writer.write(first // 10 % 3, numbers(first, 10))
    writer.write(3, numbers(0, 0))
    output = writer.commit()
    assert output.rows == 100
    assert output.sizes[3] == 0
    assert output.bytes == (tmp_path / "stage-3-map-1.data").stat().st_size
    assert read(output, 0, 1, 2, 3) == list(range(100))
    assert read(output, 1) == [*range(10, 20), *range(40, 50), *range(70, 80)]
    assert read_morsels([output.file], [3]) == []
    assert sorted(os.listdir(tmp_path)) == ["stage-3-map-1.data", "stage-3-map-1.index"]


def test_large_partitions_become_several_morsels_in_order(tmp_path: Path) -> None:
    writer = ShuffleWriter(file(tmp_path), 1)
    for first in range(0, 3_000_000, 50_000):
        writer.write(0, numbers(first, 50_000))
    output = writer.commit()
    morsels = read_morsels([output.file], [0])
    assert len(morsels) == 4
    values = np.concatenate([batch["n"].to_numpy() for morsel in morsels for batch in morsel()])
    assert (values == np.arange(3_000_000)).all()


def test_many_threads_write_side_by_side(tmp_path: Path) -> None:
    writer = ShuffleWriter(file(tmp_path), 5)

    def write(start: int) -> None:
        for step in range(40):
            writer.write(step % 5, numbers((start * 40 + step) * 5_000, 5_000))

    threads = [threading.Thread(target=write, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(writer.commit(), *range(5)) == list(range(160 * 5_000))


def test_batches_outlive_their_file(tmp_path: Path) -> None:
    writer = ShuffleWriter(file(tmp_path), 1)
    writer.write(0, numbers(0, 500_000))
    output = writer.commit()
    batches = [batch for morsel in read_morsels([output.file], [0]) for batch in morsel()]
    output.file.remove()
    assert os.listdir(tmp_path) == []
    assert batches[0]["n"][499_999].as_py() == 499_999


def test_types_survive(tmp_path: Path) -> None:
    batch = pa.record_batch(
        {
            "s": pa.array(["a", None, "c"]),
            "d": pa.array(["x", "y", "x"]).dictionary_encode(),
            "l": pa.array([[1], [], None], pa.list_(pa.int32())),
            "n": pa.nulls(3),
        }
    )
    writer = ShuffleWriter(file(tmp_path), 1)
    other = batch.set_column(1, "d", pa.array(["z", "x", None]).dictionary_encode())
    writer.write(0, batch.slice(1))
    writer.write(0, other)
    found = [one for morsel in read_morsels([writer.commit().file], [0]) for one in morsel()]
    assert [row for one in found for row in one.to_pylist()] == batch.slice(1).to_pylist() + other.to_pylist()


def shorten(path: Path) -> None:
    """Cuts the last bytes off."""
    path.write_bytes(path.read_bytes()[:-3])


def flip(path: Path) -> None:
    """Changes one byte."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("suffix", [".data", ".index"])
@pytest.mark.parametrize("damage", [Path.unlink, shorten, flip])
@pytest.mark.parametrize("rows", [100, 200_000])
def test_damage_is_told_with_the_file(tmp_path: Path, suffix: str, damage: Callable[[Path], object], rows: int) -> None:
    writer = ShuffleWriter(file(tmp_path), 1)
    writer.write(0, numbers(0, rows))
    output = writer.commit()
    damage(Path(output.file.path + suffix))
    with pytest.raises(FetchFailed) as failed:
        read(output, 0)
    copy = pickle.loads(pickle.dumps(failed.value))
    assert copy.file == output.file
    assert suffix in copy.message


def test_a_full_disk_is_named_with_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    writer = ShuffleWriter(file(tmp_path), 1)
    writer.write(0, numbers(0, 10))
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(ClusterError) as error:
        writer.commit()
    assert error.value.condition == "SPILL_DISK_FULL"
    assert str(tmp_path) in error.value.message
    assert "No space left" in error.value.message
    assert "spark.local.dir" in error.value.message
    writer.abandon()
    assert os.listdir(tmp_path) == []


def test_a_task_without_a_cluster_writes_reads_and_cleans_up() -> None:
    with TaskContext.local(partition=1, stage_id=3) as maps:
        writer = maps.shuffle_writer(2)
        writer.write(1, numbers(5, 3))
        output = writer.commit()
        spill = maps.spill_dir()
        with TaskContext.local(inputs={3: [output.file]}) as reduces:
            for morsel in reduces.read_shuffle(3, [0, 1]):
                for batch in morsel():
                    reduces.emit(batch)
            assert [batch["n"].to_pylist() for batch in reduces.emitted] == [[5, 6, 7]]
    assert not output.file.data.exists()
    assert not spill.exists()
