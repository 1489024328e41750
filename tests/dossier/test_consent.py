"""Consent: unknown is no for what needs opting in; a no always wins."""

import numpy as np
import pytest

from openchair.dossier.consent import NEEDS_OPT_IN, SLOTS, allowed, binds, consents_of, no, shown, yes


@pytest.mark.parametrize(
    ("name", "value", "bits"),
    [
        ("consent.email.marketing", "yes", yes("marketing", "e-mail")),
        ("consent.email.marketing", "TRUE", yes("marketing", "e-mail")),
        ("consent.email.marketing", "Subscribed", yes("marketing", "e-mail")),
        ("consent.email.marketing", "1", yes("marketing", "e-mail")),
        ("consent.marketing.email", "not_subscribed", no("marketing", "e-mail")),
        ("Consent.SMS.marketing", "opted-in", yes("marketing", "message")),
        ("consent.post.marketing", "no", no("marketing", "letter")),
        ("consent.profiling", "yes", yes("profiling")),
        ("consent.email.marketing", "perhaps", 0),
        ("consent.email.marketing", "", 0),
        ("consent.pigeon.marketing", "yes", 0),
        ("newsletter", "yes", 0),
    ],
)
def test_traits_become_consents(name: str, value: str, bits: int) -> None:
    """A yes and a no are told apart in the forms people's systems write them; other words say nothing."""
    assert consents_of(name, value) == bits


def test_unknown_is_no_where_opting_in_is_needed() -> None:
    """Without a word from the customer, only what needs no consent is allowed."""
    open_ = {slot for slot in SLOTS if allowed(np.zeros(1, dtype=np.int64), *slot)[0]}
    assert open_ == set(SLOTS) - NEEDS_OPT_IN
    assert ("marketing", "e-mail") in NEEDS_OPT_IN
    assert ("service", "e-mail") in open_


@pytest.mark.parametrize(("purpose", "channel"), SLOTS)
def test_a_no_wins_over_a_yes(purpose: str, channel: str) -> None:
    """Whatever else was said, a no closes its slot and no other."""
    everything = sum(yes(*slot) for slot in SLOTS)
    said = np.array([everything, everything | no(purpose, channel)])
    assert allowed(said, purpose, channel).tolist() == [True, False]
    assert all(allowed(said, *slot)[1] for slot in SLOTS if slot != (purpose, channel))
    assert f"{purpose}{'' if channel == 'any' else f' by {channel}'}: no" in shown(int(said[1]))


def test_channels_without_a_slot_need_no_consent() -> None:
    """A person at the counter and a machine's hook are not messages."""
    assert allowed(np.zeros(2, dtype=np.int64), "marketing", "person").all()
    assert not binds("consent")
