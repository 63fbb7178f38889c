"""The national brief in words.

A frozen snapshot (`facts`) becomes a document (`document`): `composing` decides what stands where, `words_kk`,
`words_ru` and `words_en` how it is said. `reading` goes the other way and takes the numbers out of the finished
words again, so that `reporting.integrity` judges what a reader will see and not what was meant.

All of it is pure: no database, no template, no clock. The Kazakh brief is the original; the others say the same.
The words stand here and not in the translation catalogues because they are the document itself, not the
interface around it.
"""
