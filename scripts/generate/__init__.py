"""Everything that is made from the message catalogue: JSON Schema, TypeScript types, the reference page.

`model` reads tavernlink.protocol; `schema`, `typescript` and `reference` each turn the model into one text.
"""
