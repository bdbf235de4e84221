"""Everything that is made from the source: JSON Schema, TypeScript types, the reference page, the page of settings.

`model` reads tavernlink.protocol; `schema`, `typescript` and `reference` each turn the model into one text. `settings`
reads tavernlink.config.
"""
