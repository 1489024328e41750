"""Consent: unknown is no for what needs opting in; a no always wins."""

import numpy as np
import pytest

from openchair.dossier.consent import NEEDS_OPT_IN, SLOTS, allowed, allows, answer_of, binds, no, shown, slot_of, yes


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
        ("consent.marketing", "no", no("marketing")),
        ("consent.any.research", "no", no("research")),
        ("consent.automatic_orders", "granted", yes("automatic orders")),
        ("newsletter", "yes", 0),
    ],
)
def test_traits_become_consents(name: str, value: str, bits: int) -> None:
    """A yes and a no are told apart in the forms people's systems write them; other words say nothing."""
    slot, answer = slot_of(name), answer_of(value)
    assert bits == (0 if slot is None or answer is None else yes(*slot) if answer == "yes" else no(*slot))


def test_unknown_is_no_where_opting_in_is_needed() -> None:
    """Without a word from the customer, only what needs no consent is allowed."""
    open_ = {slot for slot in SLOTS if allowed(np.zeros(1, dtype=np.int64), *slot)[0]}
    assert open_ == set(SLOTS) - NEEDS_OPT_IN
    assert ("marketing", "e-mail") in NEEDS_OPT_IN
    assert ("service", "e-mail") in open_


@pytest.mark.parametrize(("purpose", "channel"), SLOTS)
def test_a_no_wins_over_a_yes(purpose: str, channel: str) -> None:
    """Whatever else was said, a no closes its slot and no other; one to a purpose on any channel closes all of them."""
    everything = sum(yes(*slot) for slot in SLOTS)
    said = np.array([everything, everything | no(purpose, channel)])
    assert allowed(said, purpose, channel).tolist() == [True, False]
    for slot in SLOTS:
        closed = slot == (purpose, channel) or (channel == "any" and slot[0] == purpose)
        assert allowed(said, *slot)[1] == allows(int(said[1]), *slot) == (not closed)
    assert f"{purpose}{'' if channel == 'any' else f' by {channel}'}: no" in shown(int(said[1]))


def test_channels_without_a_slot_need_no_consent() -> None:
    """A person at the counter and a machine's hook are not messages; what always needs a yes needs it there too."""
    assert allowed(np.zeros(2, dtype=np.int64), "marketing", "person").all()
    assert not allows(no("marketing"), "marketing", "webhook")
    assert not allows(0, "automatic orders", "parcel") and not allows(0, "research", "letter")
    assert allows(yes("automatic orders"), "automatic orders", "parcel")
    assert not binds("consent")


def test_a_yes_is_given_channel_by_channel() -> None:
    """A general yes opens no mailbox."""
    assert not allows(yes("marketing"), "marketing", "e-mail")
    assert not allows(yes("research"), "research", "call")


def test_bits_that_are_kept_do_not_move() -> None:
    """Slots are added at the end: a stored yes to marketing by e-mail is still one."""
    assert (yes("marketing", "e-mail"), no("automatic orders"), yes("marketing")) == (1, 2 << 28, 1 << 30)
