"""What speaks for two organizations being one customer."""

from __future__ import annotations

from app.graph.choices import Choice, choices


@choices(description="What speaks for two organizations being one customer.")
class DuplicateReason(Choice):
    """What speaks for two organizations being one customer."""

    SAME_EXTERNAL_ID = "SAME_EXTERNAL_ID", "An external id or alias is the same but for case and punctuation."
    SHARED_EMAIL = "SHARED_EMAIL", "They are written to, or billed, at the same address."
    SAME_NAME = "SAME_NAME", "The names are the same but for case, accents, legal form, abbreviations or word order."
    SIMILAR_NAME = "SIMILAR_NAME", "The names differ by what may be typing errors, or by words of little meaning."
    ACRONYM = "ACRONYM", "One name is made of the first letters of the other."
    SAME_DOMAIN = "SAME_DOMAIN", "They claim the same e-mail domain, at which not just anybody has an address."
