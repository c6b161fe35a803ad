import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from roadworthy.database import Actor, Database, metadata
from roadworthy.database.schema import event, event_row
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.time import SetTime
from roadworthy.signing import store
from roadworthy.signing.director_repository import make_bundle
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import VehicleOrder
from roadworthy.signing.store import OldVersion
from tests.signing.logbook import NOON, VEHICLE, VIN
from tests.signing.world import ImageWorld

WORKER = Actor("system:worker")
KEY = SigningKey.generate("director-online")


@pytest.fixture
def database(tmp_path):
    opened = Database(f"sqlite:///{tmp_path / 'roadworthy.db'}", SetTime(NOON))
    metadata.create_all(opened.engine, tables=[*metadata.sorted_tables])
    yield opened
    opened.close()


@pytest.fixture
def world():
    return ImageWorld()


def publish(database, images):
    with database.begin(WORKER) as work:
        return store.publish_image_set(work, images)


def bundle(version):
    return make_bundle(VehicleOrder(VIN, version, NOON + timedelta(hours=1)), KEY)


def test_published_metadata_is_covered_by_one_event_and_comes_back_byte_for_byte(database, world):
    images = world.first()
    happened = publish(database, images)
    assert happened.kind == "metadata.published"
    assert happened.row_count == 5
    assert set(happened.data) == {"root", "targets", "released", "snapshot", "timestamp"}
    with database.read() as view:
        assert store.load_image_set(view) == images
        for name, content in images.files().items():
            assert store.image_file(view, name) == content
        assert len(view.all(select(event_row))) == 5


def test_only_what_is_new_is_written_and_old_versions_stay_readable(database, world):
    first = world.first()
    second = world.next(first, released=world.make_released(2))
    publish(database, first)
    assert set(publish(database, second).data) == {"released", "snapshot", "timestamp"}
    assert publish(database, second) is None
    with database.read() as view:
        assert store.image_file(view, "1.released.json") == first.released
        assert store.image_file(view, "timestamp.json") == second.timestamp
        assert len(view.all(select(event))) == 2


def test_the_same_version_with_other_bytes_is_refused_and_nothing_is_written(database, world):
    first = world.first()
    publish(database, first)
    with pytest.raises(OldVersion):
        publish(database, replace(world.next(first), released=world.make_released(1, targets=())))
    with database.read() as view:
        assert store.load_image_set(view) == first


def test_before_the_first_set_there_is_none(database):
    with database.read() as view:
        assert store.load_image_set(view) is None


@pytest.mark.parametrize(
    "name",
    ["2.root.json", "01.root.json", "root.json", "1.timestamp.json", "1.root", "x.root.json", "../1.root.json", ""],
)
def test_a_name_that_was_never_published_is_not_found(database, world, name):
    publish(database, world.first())
    with database.read() as view, pytest.raises(NotFound):
        store.image_file(view, name)


def test_a_vehicle_keeps_its_last_two_bundles_and_versions_only_go_up(database):
    with database.begin(WORKER) as work:
        assert store.last_bundle_version(work, VEHICLE) == 0
        for version in (1, 2, 5):
            store.save_bundle(work, VEHICLE, bundle(version))
        for version in (5, 4):
            with pytest.raises(OldVersion):
                store.save_bundle(work, VEHICLE, bundle(version))
    with database.read() as view:
        assert store.load_bundle(view, VEHICLE) == bundle(5)
        assert store.load_bundle(view, VEHICLE, 2) == bundle(2)
        assert store.load_bundle(view, VEHICLE, 1) is None
        assert store.load_bundle(view, "VEH-other") is None
        assert store.last_bundle_version(view, VEHICLE) == 5


def test_the_event_names_digests_and_no_content(database, world):
    happened = publish(database, world.first())
    assert all(set(told) == {"sha256", "version"} for told in happened.data.values())
    assert len(json.dumps(dict(happened.data))) < 1000
