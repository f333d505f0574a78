import json

import pytest

from portal.canonical import canonical_json


def test_one_value_has_one_writing():
    assert canonical_json({"b": [1, None, True], "a": "é"}) == '{"a":"é","b":[1,null,true]}'.encode()
    assert json.loads(canonical_json({"x": {"y": "\n"}})) == {"x": {"y": "\n"}}


@pytest.mark.parametrize("value", [1.5, {"a": 1.0}, [b"x"], {1: "a"}, float("nan"), {"a": {1, 2}}])
def test_what_has_no_sure_writing_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)
