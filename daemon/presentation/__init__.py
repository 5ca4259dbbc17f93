"""What the commands and the page both show of cases: views, explanations, words, pictures."""
