"""Reasons against: why something is not done for somebody, which of them may change, and which pass by themselves."""

from openchair.dossier import rules

_BY_CIRCUMSTANCE = (
    "no consent for this purpose on this channel",
    "contacted too recently",
    "a complaint comes first",
    "not for their stage of life with us",
    "too few orders for it",
    "only for those who sent us friends",
    "only for those who sent us nobody",
    "only after a complaint",
    "not for those who gave their last score",
    "would cost more than it brings",
    "a discount is the last resort, and something else serves",
    "they asked not to be profiled",
    "they asked to be left in peace",
    "not enough of their attention is left",
    "they had this idea from us not long ago",
    "these are their quiet hours",
    "today's budgets bring more elsewhere",
    "someone in their household was chosen today",
    "someone in their household had this idea from us not long ago",
    "not at this moment",
    "likely to do them more harm than good",
    "left alone on purpose, to see whether deciding pays",
    "only the one action that is best for all is done in their lot",
    "not among what was asked for",
)
(
    NO_CONSENT,
    TOO_SOON,
    COMPLAINT_FIRST,
    WRONG_STAGE,
    TOO_FEW_ORDERS,
    NOT_A_SENDER,
    A_SENDER,
    NO_COMPLAINT,
    WRONG_SCORE,
    COSTS_MORE,
    LAST_RESORT,
    NOT_PROFILED,
    PEACE,
    NOTHING_LEFT,
    IDEA_RESTS,
    QUIET_HOURS,
    BUDGET,
    HOUSEHOLD,
    HOUSEHOLD_IDEA,
    WRONG_MOMENT,
    HARMS,
    HELD_BACK,
    NOT_THE_ONE,
    NOT_ASKED,
) = range(len(rules.REASONS), len(rules.REASONS) + len(_BY_CIRCUMSTANCE))
REASONS: tuple[str, ...] = (*rules.REASONS, *_BY_CIRCUMSTANCE)
"""By code: 0 is permitted, up to ALLERGIES_UNKNOWN come hard rules, then what the circumstances say."""
LIFTABLE: dict[int, str] = {
    NO_CONSENT: "if they had agreed to it",
    NOT_PROFILED: "had they not asked us not to profile them",
    PEACE: "had they not asked to be left in peace",
    TOO_SOON: "had we not been in touch so recently",
    NOTHING_LEFT: "had they heard less from us of late",
    IDEA_RESTS: "had they not had the idea from us of late",
    COMPLAINT_FIRST: "were their complaint settled",
    BUDGET: "had there been more of today's budgets",
}
"""What would have had to be otherwise, for reasons that may change; hard rules are not put to the question."""
LATER = frozenset({TOO_SOON, NOTHING_LEFT, IDEA_RESTS, QUIET_HOURS})
"""Reasons that pass with time: what they hold up is deferred, not refused."""
