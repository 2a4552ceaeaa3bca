"""Who may: viewers and what they may read. Keys, roles and secrets come with access control."""
