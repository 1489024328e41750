"""Who: identity, hard rules, consent and life-cycle stage."""
