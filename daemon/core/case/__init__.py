"""The record of one rollout and the state machine that drives it."""
