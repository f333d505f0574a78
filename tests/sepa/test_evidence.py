from hypothesis import given
from hypothesis import strategies as st

from portal.evidence import Link, append, verify

FIRST = "0" * 64


def a_chain(events):
    links, previous = [], FIRST
    for event in events:
        links.append(Link(event, previous, append(previous, event)))
        previous = links[-1].hash
    return links


EVENTS = [{"what": "sent", "ip": "203.0.113.5"}, {"what": "opened"}, {"what": "signed", "n": 3}]


def test_a_sound_chain_holds():
    links = a_chain(EVENTS)
    assert verify(links, first=FIRST, head=links[-1].hash) is None
    assert verify([], first=FIRST) is None


def test_a_changed_event_shows():
    links = a_chain(EVENTS)
    links[1] = Link({"what": "closed"}, links[1].previous_hash, links[1].hash)
    assert verify(links, first=FIRST) == 1


def test_a_removed_or_moved_event_shows():
    links = a_chain(EVENTS)
    assert verify([links[0], links[2]], first=FIRST) == 1
    assert verify([links[1], links[0], links[2]], first=FIRST) == 0


def test_a_cut_chain_shows_against_its_head():
    links = a_chain(EVENTS)
    assert verify(links[:2], first=FIRST, head=links[-1].hash) == 2
    assert verify(links[:2], first=FIRST) is None


def test_another_document_shows():
    assert verify(a_chain(EVENTS), first="1" * 64) == 0


def test_the_order_of_members_does_not_count():
    assert append(FIRST, {"a": 1, "b": "é"}) == append(FIRST, {"b": "é", "a": 1})


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers()), min_size=1), st.data())
def test_any_change_is_found_where_it_is(events, data):
    links = a_chain(events)
    at = data.draw(st.integers(0, len(links) - 1))
    changed = dict(links[at].event) | {"forged": True}
    links[at] = Link(changed, links[at].previous_hash, links[at].hash)
    assert verify(links, first=FIRST) == at
