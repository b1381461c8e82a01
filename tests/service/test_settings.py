"""The settings and the table that describes them."""

from dataclasses import fields

import pytest

from impckg.service.errors import STATUS, status_of
from impckg.service.settings import Settings, describe_settings


def test_every_setting_has_a_default_and_says_what_it_is():
    described = describe_settings()

    assert [setting.name for setting in described] == [field.name for field in fields(Settings)]
    assert all(setting.help for setting in described)
    assert all(getattr(Settings(), setting.name) == setting.default for setting in described)


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.__name__)
def test_an_error_has_the_status_of_what_it_is_a_kind_of(kind):
    special = type("Special", (kind,), {})

    assert status_of(special.__new__(special)) == STATUS[kind]
