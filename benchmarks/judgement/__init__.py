"""Our judge and the peers' rules, scored on a generated corpus of rollouts."""
