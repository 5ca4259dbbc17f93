"""The kinds of steps that a plan is made of, a module each; ``daemon.core.case.plan`` has their order."""
