"""What people are told that a release brought: the template, the images, the keys of its configuration."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.case import incident
from daemon.core.case.case import Case, Phase
from daemon.core.policy import ConfigurationChoice
from daemon.ports import Denied
from tests.engine.test_configuration import CONFIG, template
from tests.engine.world import IMAGE, POLICY, REF, World

BAD = "v1.1.0-errors"


def world(choice: ConfigurationChoice) -> World:
    """It is found healthy with what its pods read, as the daemon sees it from its first look on."""
    made = World(
        template=template(), rps=50.0, errors={BAD: 0.3}, policy=replace(POLICY, configuration=choice)
    )
    made.configuration.write(REF.namespace, CONFIG, value="hunter2")
    made.cluster.restart(REF)
    made.settled()
    made.deploy("v1.0.1")
    made.run(30)
    made.run_until(Phase.HEALTHY, within=900)
    return made


def bad_release(made: World) -> Case:
    made.deploy(BAD)
    made.run(30)
    return made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD, within=900)


def changed(case: Case) -> list[str]:
    assert case.status.differences is not None
    return list(case.status.differences)


def test_a_release_that_came_with_other_configuration_says_which_keys() -> None:
    made = world(ConfigurationChoice.RESTORE)
    made.configuration.write(REF.namespace, CONFIG, value="correct horse")
    case = bad_release(made)
    digest, image, *_, config = changed(case)
    assert digest.startswith(f"container {REF.name}, image digest: sha256:")
    assert image == f"container {REF.name}, image: {IMAGE}:v1.0.1 → {IMAGE}:{BAD}"
    assert config == f"ConfigMap {CONFIG.name}, key key: changed"
    said = incident.message(case, made.policy, made.clock.now())
    assert f"  - {config}\n" in said
    assert not any(value in f"{case}{said}" for value in ("hunter2", "correct horse"))


def test_configuration_that_is_the_same_is_not_told_of() -> None:
    case = bad_release(world(ConfigurationChoice.RESTORE))
    assert not any("ConfigMap" in line for line in changed(case))


@pytest.mark.parametrize("choice", [ConfigurationChoice.HOLD, ConfigurationChoice.RESTORE])
def test_where_no_copy_can_be_read_it_changed_all_the_same(choice: ConfigurationChoice) -> None:
    made = world(choice)
    made.configuration.write(REF.namespace, CONFIG, value="correct horse")
    made.configuration.comparing.fail(Denied("configmaps is forbidden; grant this in the Role"))
    case = bad_release(made)
    assert changed(case)[-1] == f"ConfigMap {CONFIG.name}: changed, and no copy tells which keys"


def test_one_that_is_gone_is_said_to_be() -> None:
    made = world(ConfigurationChoice.HOLD)
    made.configuration.remove(REF.namespace, CONFIG)
    case = bad_release(made)
    assert f"ConfigMap {CONFIG.name}: gone" in changed(case)
