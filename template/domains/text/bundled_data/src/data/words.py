"""What a word is: letters and digits."""

ANY_WORD = r"[^\W_]+"
