"""The verdict on a revision, live and recorded, and the proof of a recovery."""
