"""What an image holds is run by its tools, and is no module of ours."""

collect_ignore = ["image"]
