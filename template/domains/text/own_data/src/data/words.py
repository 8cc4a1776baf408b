"""What a word is, in any script."""

# Scripts written without spaces (Thai, Lao, Burmese, Khmer, Chinese, Japanese): each character is a word, and n-grams
# join them. Combining marks are vowels and the like, which belong to the letters around them.
_UNSPACED = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_MARKS = "[\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u0900-\u0963\u0971-\u0df3]"
ANY_WORD = rf"{_UNSPACED}|(?:(?!{_UNSPACED})(?:[^\W_]|{_MARKS}))+"
