"""How each kind of step of a plan is carried out."""
